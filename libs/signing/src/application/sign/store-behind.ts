import { createHash } from 'node:crypto';
import type { EventStore } from '#eventing/event-store.port.js';
import type { ReliedEvent } from '../ports/ledger.port.js';

/** The store lacks what the signers' ledger remembers: it is an older copy, or something was taken out of it (rules 16, 17). */
export class StoreBehindError extends Error {
  override readonly name = 'StoreBehindError';
}

/** How the ledger remembers an event: SHA-256 of its id, hex. */
export const hashOfEvent = (eventId: string): string => createHash('sha256').update(eventId).digest('hex');

/** Whether the store still has, at its revision, the event that an order relied on. From the leader. */
export async function holdsEvent(store: EventStore, { stream, revision, hash }: ReliedEvent): Promise<boolean> {
  const [there] = await store.readStream(stream, { from: revision, limit: 1 });
  return there?.revision === revision && hashOfEvent(there.id) === hash;
}
