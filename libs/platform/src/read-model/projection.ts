import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { Transaction } from './database.js';
import type { ReadModelPart } from './table.js';

/** Answers one question from rows that it makes of events. Its memory is a cache of its own rows; it reads no event store. */
export interface Projection {
  /** For ever: parked events name it. */
  readonly name: string;
  /** Changes with what its rows hold: rows of another version are made anew. */
  readonly version: string;
  /** Its rows, emptied by a rebuild. */
  readonly tables: ReadModelPart['tables'];
  /** Loads what folding these events needs. Throws nothing but errors of the database. */
  begin(events: readonly RecordedEvent[], tx: Transaction): Promise<ProjectionBatch>;
  /** Drops what it keeps in memory: a transaction was not committed. */
  forget(): void;
}

export interface ProjectionBatch {
  /** Folds one event in memory. When it throws, the event is parked: it must not have taken over anything of it. */
  apply(event: RecordedEvent): void;
  /** Writes each touched row once. Throws nothing but errors of the database. */
  write(tx: Transaction): Promise<void>;
}

/** An event that does not follow the last one of its stream that was taken: one before it is parked. */
export class StreamGapError extends Error {
  override readonly name = 'StreamGapError';
  constructor(event: RecordedEvent, known: number) {
    super(`${event.stream}@${event.revision}: the row stands at revision ${known}`);
  }
}
