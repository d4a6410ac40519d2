import { randomId } from './ids.js';
import { ConflictError } from './event-store.port.js';
import type { EventStore } from './event-store.port.js';
import { pause } from './pause.js';
import { REACHABLE_WITHIN_MS } from './reachable.js';
import { systemActor } from '#kernel/actor.js';

/** Injection token of the deployment's id. */
export const DEPLOYMENT = Symbol('Deployment');
const STREAM = 'deployment-main';
const LOOK_MS = 250;

/** The event store is another deployment's. */
export class OtherDeploymentError extends Error {
  override readonly name = 'OtherDeploymentError';
  constructor(readonly actual: string, readonly wanted: string) {
    super(`the event store is that of the deployment ${actual}, not of ${wanted}`);
  }
}

/** Nobody has named the deployment in time. */
export class UnnamedDeploymentError extends Error {
  override readonly name = 'UnnamedDeploymentError';
}

async function named(store: EventStore): Promise<string | undefined> {
  const [first] = await store.readStream(STREAM, { limit: 1 });
  return first === undefined ? undefined : (first.data as { readonly deployment: string }).deployment;
}

/**
 * The id of this deployment, which every request statement names: made once, by whoever comes first.
 * @param wanted what it has to be, as a genesis says; left out: whatever it is, a random one where it has none @throws OtherDeploymentError
 */
export async function deploymentId(store: EventStore, now: string, wanted?: string): Promise<string> {
  for (;;) {
    const known = await named(store);
    if (known !== undefined) {
      if (wanted !== undefined && known !== wanted) throw new OtherDeploymentError(known, wanted);
      return known;
    }
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

/** Where a genesis is pinned its id is the deployment's: who does not lay it waits for who does. @throws UnnamedDeploymentError after `withinMs` */
export async function awaitDeployment(store: EventStore, withinMs = REACHABLE_WITHIN_MS): Promise<string> {
  const known = (await named(store)) ?? (await namedDeployment(store, AbortSignal.timeout(withinMs)));
  if (known === undefined) throw new UnnamedDeploymentError('a genesis is pinned, and none was laid in the event store: start an api whose configuration names genesis.file');
  return known;
}
