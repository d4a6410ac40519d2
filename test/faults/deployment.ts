import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultOrder } from '#test/event-store-facade/faults/fault.js';
import type { Client } from '#test/system/client.js';
import type { Env, Service } from '#test/system/service.js';
import { digests, eventually, trailOf } from '#test/system/steps.js';
import type { Operation, SignOrder } from '#test/system/steps.js';

// A deployment of several processes over one event store, one database and one ledger, and what befalls its parts.
export const TWO_OF_EACH = { api: 2, worker: 2, signer: 2 };
const START_WITHIN_MS = 60_000;

interface OrderedFault {
  readonly id: string;
  readonly fired: number;
}

async function control(service: Service, method: string, path: string, body?: unknown): Promise<unknown> {
  const url = `${service.eventStore?.control}${path}`;
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Orders a fault of the event store. @returns how often it has come true */
export async function storeFault(service: Service, fault: FaultOrder): Promise<() => Promise<number>> {
  const { ids: [id] } = (await control(service, 'POST', '/faults', fault)) as { readonly ids: readonly string[] };
  return async () => ((await control(service, 'GET', '/faults')) as readonly OrderedFault[]).find((one) => one.id === id)?.fired ?? 0;
}
/** Every connection is cut and none let in, for so long. */
export const storeDown = (service: Service, ms: number): Promise<unknown> => control(service, 'POST', '/down', { ms });
export const storeWell = (service: Service): Promise<unknown> => control(service, 'DELETE', '/faults');

/** `/readyz` of one part; status 0 when nobody answers. */
export async function readinessOf(service: Service, name: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(`${service.baseOf(name)}/readyz`, { signal: AbortSignal.timeout(5_000) });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return { status: 0, text: '' };
  }
}
export const ready = async (service: Service, ...names: readonly string[]): Promise<void> => {
  for (const name of names) await eventually(async () => ({ name, ...(await readinessOf(service, name)) }), ({ status }) => status === 200, START_WITHIN_MS);
};

/** Starts every part, each with an environment of its own, and waits until all of them are ready. */
export async function startAll(service: Service, envOf: (name: string) => Env = () => ({})): Promise<void> {
  for (const { name } of service.parts) service.start(name, { env: envOf(name) });
  await ready(service, ...service.parts.map(({ name }) => name));
}

/** SIGKILL, and a start that is waited for. */
export async function restart(service: Service, name: string, env: Env = {}): Promise<void> {
  await service.part(name).kill();
  service.start(name, { env });
  await ready(service, name);
}

/** Orders for the PKCS#11 shim of one process alone. */
export interface OwnShim {
  readonly env: Env;
  order(...lines: readonly string[]): void;
}
export function ownShim(service: Service, name: string): OwnShim {
  const dir = join(service.dir, `shim-${name}`);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'control');
  const order = (...lines: readonly string[]): void => {
    writeFileSync(`${file}.new`, `${lines.join('\n')}\n`);
    renameSync(`${file}.new`, file);
  };
  order();
  return { env: { SHIM_CONTROL: file }, order };
}

/** The events of an order on its own stream, once there are so many: lists follow within a second. */
export const eventsOf = (service: Service, operation: Operation, signOrderId: string, atLeast: number): Promise<readonly { readonly type: string; readonly signer: string }[]> =>
  eventually(
    async () => (await trailOf(service, operation)).filter(({ stream }) => stream === `signOrder-${signOrderId}`).map(({ type, data }) => ({ type, signer: String(data['signer']) })),
    (events) => events.length >= atLeast, 20_000,
  );
export const otherSigner = (name: string): string => (name === 'signer-1' ? 'signer-2' : 'signer-1');

/** Orders one signature through the api that the caller asks. */
export const orderBy = (who: Client, { operationId }: Operation, keyId: string, headers: Readonly<Record<string, string>> = {}, over = digests(1)): Promise<Awaited<ReturnType<typeof who.post<SignOrder>>>> =>
  who.post<SignOrder>(`/v1/operations/${operationId}/sign-orders`, { keyId, digests: over, digestAlgorithm: 'SHA-256' }, headers);
