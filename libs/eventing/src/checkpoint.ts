import type { EventStore, Position, RecordedEvent } from './event-store.port.js';

/** Where a subscription stands: an event of one store that can be found again (rule 12). */
export interface Checkpoint {
  readonly storeId: string;
  /** Decimal. */
  readonly position: string;
  readonly eventId: string;
}

/** The checkpoint's event is not in this store: it is another store, or an older copy of it. */
export class CheckpointLostError extends Error {
  override readonly name = 'CheckpointLostError';
  constructor(readonly subscription: string, readonly checkpoint: Checkpoint) {
    super(`${subscription}: event ${checkpoint.eventId} is not at position ${checkpoint.position} of this store`);
  }
}

export const checkpointAt = (storeId: string, event: Pick<RecordedEvent, 'position' | 'id'>): Checkpoint => ({ storeId, position: event.position.toString(), eventId: event.id });

/** @returns the position to go on after; undefined: from the beginning @throws CheckpointLostError */
export async function resumeAfter(store: EventStore, subscription: string, checkpoint: Checkpoint | undefined): Promise<Position | undefined> {
  if (checkpoint === undefined) return undefined;
  const position = BigInt(checkpoint.position);
  const there = checkpoint.storeId === (await store.storeId()) ? await store.readAt(position) : undefined;
  if (there?.id !== checkpoint.eventId) throw new CheckpointLostError(subscription, checkpoint);
  return position;
}
