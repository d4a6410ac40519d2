import { CheckpointLostError, checkpointAt, resumeAfter } from '#eventing/checkpoint.js';
import type { Checkpoint } from '#eventing/checkpoint.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { ReadModelDatabase, Transaction } from './database.js';
import type { Projection } from './projection.js';
import { ReadModelProgress } from './read-model-progress.js';
import { sql } from './sql.js';
import { checkpointTable, parkedEventTable } from './subscription-tables.js';
import type { CheckpointRow, ParkedEventRow } from './subscription-tables.js';

/** The subscription of all projections. Named for ever. */
export const READ_MODEL = 'read-model';
/** Longest text of an error kept with a parked event. */
const MAX_ERROR = 500;

export interface ProjectorEvents {
  /** An event is left out of a projection for good, until a rebuild. */
  readonly parked?: (event: ParkedEventRow) => void;
  /** The rows are made anew, and why. */
  readonly rebuilding?: (reason: string) => void;
}

/**
 * Has the effect of events on all projections and the checkpoint in one transaction, so that an event delivered again changes nothing (rule 12).
 * What a projection can't fold is parked, in the same transaction; an error of the database is thrown, and the same events come again.
 */
export class Projector {
  readonly progress = new ReadModelProgress();
  private readonly layout: string;

  constructor(
    private readonly database: ReadModelDatabase,
    private readonly projections: readonly Projection[],
    private readonly observe: ProjectorEvents = {},
  ) {
    this.layout = projections.map((p) => `${p.name}/${p.version}`).sort().join(' ');
  }

  /**
   * Where to go on. Rows of another store, of an older copy of it or of another layout are emptied, to be made from the beginning.
   * @throws StoreUnavailableError
   */
  async resume(store: EventStore): Promise<Position | undefined> {
    const row = await this.database.transaction((tx) => this.checkpoint(tx));
    if (row === undefined) return this.restart('there are none');
    if (row.layout !== this.layout) return this.restart(`they are ${row.layout}, to be ${this.layout}`);
    try {
      const applied = await resumeAfter(store, READ_MODEL, asCheckpoint(row));
      this.progress.update({ applied });
      return applied;
    } catch (error) {
      if (error instanceof CheckpointLostError) return this.restart(error.message);
      throw error;
    }
  }

  /** Empties every row that a projection made. Tables of process managers are none of theirs. */
  async clear(): Promise<void> {
    for (const projection of this.projections) projection.forget();
    await this.database.transaction(async (tx) => {
      for (const projection of this.projections) for (const table of projection.tables) await tx.empty(table);
      await tx.empty(parkedEventTable);
      await tx.empty(checkpointTable);
    });
  }

  /** @param events in order of position @throws StoreUnavailableError: nothing was written, or all of it: the next call finds out */
  async apply(events: readonly RecordedEvent[], storeId: string): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    this.progress.update({ waitingEvents: events.length });
    try {
      await this.database.transaction(async (tx) => {
        const row = await this.checkpoint(tx);
        const done = row === undefined || row.storeId !== storeId ? undefined : BigInt(row.position);
        const fresh = done === undefined ? events : events.filter((e) => e.position > done);
        if (fresh.length > 0) await this.write(fresh, checkpointAt(storeId, last), tx);
      });
    } catch (error) {
      for (const projection of this.projections) projection.forget();
      throw error;
    }
    this.progress.update({ applied: last.position, appliedAt: last.metadata.at, waitingEvents: 0 });
  }

  private async write(events: readonly RecordedEvent[], checkpoint: Checkpoint, tx: Transaction): Promise<void> {
    const parked: ParkedEventRow[] = [];
    for (const projection of this.projections) {
      const batch = await projection.begin(events, tx);
      for (const event of events) {
        try {
          batch.apply(event);
        } catch (error) {
          parked.push(parkedRow(projection, event, error));
        }
      }
      await batch.write(tx);
    }
    await tx.upsert(parkedEventTable, parked);
    await tx.upsert<CheckpointRow>(checkpointTable, [{ subscription: READ_MODEL, ...checkpoint, layout: this.layout }]);
    for (const row of parked) this.observe.parked?.(row);
  }

  private async restart(reason: string): Promise<undefined> {
    this.observe.rebuilding?.(reason);
    await this.clear();
    this.progress.update({ applied: undefined, caughtUp: false, appliedAt: undefined });
    return undefined;
  }

  private async checkpoint(tx: Transaction): Promise<CheckpointRow | undefined> {
    const [row] = await tx.query<CheckpointRow>(
      sql`SELECT subscription, store_id AS "storeId", position, event_id AS "eventId", layout FROM projection_checkpoint WHERE subscription = ${READ_MODEL}`,
    );
    return row;
  }
}

const asCheckpoint = ({ storeId, position, eventId }: CheckpointRow): Checkpoint => ({ storeId, position, eventId });

/** The error's text tells what was wrong with the shape of the event; our decoders and folds put no content of it there. */
const parkedRow = (projection: Projection, event: RecordedEvent, error: unknown): ParkedEventRow => ({
  projection: projection.name,
  position: event.position,
  eventId: event.id,
  stream: event.stream,
  revision: event.revision,
  type: event.type,
  error: String(error).slice(0, MAX_ERROR),
});
