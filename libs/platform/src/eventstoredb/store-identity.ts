import { randomUUID } from 'node:crypto';
import { systemActor } from '#kernel/actor.js';
import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { NewEvent } from '#eventing/event-store.port.js';
import type { Appends } from './appends.js';
import type { Reads } from './reads.js';
import { IDENTITY_STREAM } from './stream-names.js';

const TYPE = 'store-identified';

/**
 * EventStoreDB has no id of its own: the first event of a stream of the adapter's carries one. Whoever comes first makes it, the others find it.
 * @throws StoreUnavailableError
 */
export async function identifyStore(reads: Reads, appends: Appends): Promise<string> {
  const there = await read(reads);
  if (there !== undefined) return there;
  const id = randomUUID();
  const made: NewEvent = { id: randomUUID(), type: TYPE, data: { storeId: id }, metadata: { commandId: randomUUID(), actor: systemActor('event-store'), at: new Date().toISOString() } };
  try {
    await appends.append(IDENTITY_STREAM, 'no-stream', [made]);
    return id;
  } catch (error) {
    // Whether it was written shows when it is asked for again.
    if (error instanceof OutcomeUnknownError) throw new StoreUnavailableError(error.message);
    if (!(error instanceof ConflictError)) throw error;
  }
  const first = await read(reads);
  if (first === undefined) throw new StoreUnavailableError('the event store has lost its identity');
  return first;
}

async function read(reads: Reads): Promise<string | undefined> {
  const [event] = await reads.readStream(IDENTITY_STREAM, { limit: 1 });
  if (event === undefined) return undefined;
  const { storeId } = (event.data ?? {}) as { readonly storeId?: unknown };
  if (event.type !== TYPE || typeof storeId !== 'string') throw new StoreUnavailableError('the identity of the event store is not readable');
  return storeId;
}
