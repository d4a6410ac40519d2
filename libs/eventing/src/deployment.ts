import { randomId } from './ids.js';
import { ConflictError } from './event-store.port.js';
import type { EventStore } from './event-store.port.js';
import { systemActor } from '#kernel/actor.js';

/** Injection token of the deployment's id. */
export const DEPLOYMENT = Symbol('Deployment');
const STREAM = 'deployment-main';

/** The id of this deployment, which every request statement names: made once, by whoever comes first. */
export async function deploymentId(store: EventStore, now: string): Promise<string> {
  for (;;) {
    const [first] = await store.readStream(STREAM, { limit: 1 });
    if (first !== undefined) return (first.data as { readonly deployment: string }).deployment;
    const metadata = { commandId: randomId(), actor: systemActor('deployment'), at: now };
    try {
      await store.append(STREAM, 'no-stream', [{ id: randomId(), type: 'deployment.named.v1', data: { deployment: randomId() }, metadata }]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
