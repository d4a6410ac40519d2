import { randomId } from './ids.js';
import { ConflictError } from './event-store.port.js';
import type { EventStore } from './event-store.port.js';
import { pause } from './pause.js';
import { systemActor } from '#kernel/actor.js';

/** Injection token of the deployment's id. */
export const DEPLOYMENT = Symbol('Deployment');
const STREAM = 'deployment-main';
const LOOK_MS = 250;

async function named(store: EventStore): Promise<string | undefined> {
  const [first] = await store.readStream(STREAM, { limit: 1 });
  return first === undefined ? undefined : (first.data as { readonly deployment: string }).deployment;
}

/** The id of this deployment, which every request statement names: made once, by whoever comes first. @param wanted what a genesis calls it, if it has no name yet */
export async function deploymentId(store: EventStore, now: string, wanted?: string): Promise<string> {
  for (;;) {
    const known = await named(store);
    if (known !== undefined) return known;
    const metadata = { commandId: randomId(), actor: systemActor('deployment'), at: now };
    try {
      await store.append(STREAM, 'no-stream', [{ id: randomId(), type: 'deployment.named.v1', data: { deployment: wanted ?? randomId() }, metadata }]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** The id that somebody else gives it: waits for that. Undefined when the signal aborts before. @throws StoreUnavailableError */
export async function namedDeployment(store: EventStore, signal?: AbortSignal): Promise<string | undefined> {
  while (signal?.aborted !== true) {
    const known = await named(store);
    if (known !== undefined) return known;
    await pause(LOOK_MS, signal);
  }
  return undefined;
}
