import { CheckpointLostError, checkpointAt, resumeAfter } from '#eventing/checkpoint.js';
import type { Checkpoint } from '#eventing/checkpoint.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { HeldLease } from '#eventing/lease.port.js';
import type { ReadModelDatabase, Transaction, TransactionGuard } from './database.js';
import type { Projection } from './projection.js';
import { ReadModelProgress } from './read-model-progress.js';
import { checkpointTable, parkedEventTable, READ_MODEL, standing, statusTable } from './subscription-tables.js';
import type { CheckpointRow, ParkedEventRow, Standing, StatusRow } from './subscription-tables.js';

/** Longest text of an error kept with a parked event. */
const MAX_ERROR = 500;

export interface ProjectorEvents {
  /** An event is left out of a projection for good, until a rebuild. */
  readonly parked?: (event: ParkedEventRow) => void;
  /** The rows are made anew, and why. */
  readonly rebuilding?: (reason: string) => void;
  /** Events had their effect, or had had it. */
  readonly applied?: () => void;
}

export interface ProjectorOptions {
  /** Told how far the rows are. */
  readonly progress?: ReadModelProgress;
  /** Nothing is written once another holds it. */
  readonly lease?: HeldLease;
}

/** What rows of these projections are recognised by. */
export const layoutOf = (projections: readonly Projection[]): string => projections.map((p) => `${p.name}/${p.version}`).sort().join(' ');

/** The rows are not those that were written before: emptied, or exchanged for older ones. What follows is found out anew. */
export class RowsReplacedError extends Error {
  override readonly name = 'RowsReplacedError';
  constructor() {
    super('the rows of the read model were replaced by others');
  }
}

/**
 * Has the effect of events on all projections and the checkpoint in one transaction, so that an event delivered again changes nothing (rule 12).
 * What a projection can't fold is parked, in the same transaction; an error of the database is thrown, and the same events come again.
 * Several of them on the same rows come one after the other, and each passes over what another did.
 */
export class Projector {
  readonly progress: ReadModelProgress;
  private readonly layout: string;
  private readonly guard: TransactionGuard;
  /** What this one found or left there last: over failures as well, since a database that fell may come back with less. */
  #known: Standing | undefined;

  constructor(
    private readonly database: ReadModelDatabase,
    private readonly projections: readonly Projection[],
    private readonly observe: ProjectorEvents = {},
    { progress = new ReadModelProgress(), lease }: ProjectorOptions = {},
  ) {
    this.layout = layoutOf(projections);
    this.progress = progress;
    this.guard = { lock: READ_MODEL, lease };
  }

  /**
   * Where to go on. Rows of another store, of an older copy of it or of another layout are emptied, to be made from the beginning.
   * @throws StoreUnavailableError, LeaseLostError
   */
  async resume(store: EventStore): Promise<Position | undefined> {
    this.#forget();
    const there = await this.database.transaction(standing, this.guard);
    const row = there.checkpoint;
    if (row === undefined) return this.restart('there are none');
    if (row.layout !== this.layout) return this.restart(`they are ${row.layout}, to be ${this.layout}`);
    try {
      const applied = await resumeAfter(store, READ_MODEL, asCheckpoint(row));
      this.#known = there;
      this.progress.update({ applied });
      return applied;
    } catch (error) {
      if (error instanceof CheckpointLostError) return this.restart(error.message);
      throw error;
    }
  }

  /** Empties every row that a projection made. Tables of process managers are none of theirs. */
  async clear(): Promise<void> {
    this.#forget();
    const made = randomId();
    await this.database.transaction(async (tx) => {
      for (const projection of this.projections) for (const table of projection.tables) await tx.empty(table);
      await tx.empty(parkedEventTable);
      await tx.empty(checkpointTable);
      await tx.upsert<StatusRow>(statusTable, [{ subscription: READ_MODEL, made, caughtUp: 0 }]);
    }, this.guard);
    this.#known = { checkpoint: undefined, made, caughtUp: false };
  }

  /**
   * @param events in order of position
   * @throws StoreUnavailableError: nothing was written, or all of it: the next call finds out; LeaseLostError; RowsReplacedError: resume first
   */
  async apply(events: readonly RecordedEvent[], storeId: string): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    this.progress.update({ waitingEvents: events.length });
    try {
      const there = await this.database.transaction(async (tx) => {
        const found = this.#recognised(await standing(tx), storeId);
        const done = found.checkpoint?.storeId === storeId ? BigInt(found.checkpoint.position) : undefined;
        const fresh = done === undefined ? events : events.filter((e) => e.position > done);
        return fresh.length === 0 ? found : { ...found, checkpoint: await this.write(fresh, { ...checkpointAt(storeId, last), appliedAt: last.metadata.at }, tx) };
      }, this.guard);
      this.#known = there;
      this.progress.update({ applied: BigInt(there.checkpoint?.position ?? last.position), appliedAt: there.checkpoint?.appliedAt, waitingEvents: 0 });
      this.observe.applied?.();
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Everything that was there at the start is in the rows: for those who read them in other processes. @throws StoreUnavailableError, LeaseLostError */
  async caughtUp(): Promise<void> {
    this.progress.update({ caughtUp: true });
    this.observe.applied?.();
    if (this.#known?.caughtUp === true) return;
    await this.database.transaction(async (tx) => {
      const { made } = await standing(tx);
      await tx.upsert<StatusRow>(statusTable, [{ subscription: READ_MODEL, made, caughtUp: 1 }]);
    }, this.guard);
    if (this.#known !== undefined) this.#known = { ...this.#known, caughtUp: true };
  }

  /** What another wrote meanwhile is the start of what comes; what is kept in memory is older than it. */
  #recognised(there: Standing, storeId: string): Standing {
    const known = this.#known;
    const { checkpoint } = there;
    if (checkpoint !== undefined && checkpoint.storeId === storeId && checkpoint.layout !== this.layout) throw new RowsReplacedError();
    if (known === undefined) return there;
    if (known.checkpoint !== undefined && (checkpoint?.storeId !== known.checkpoint.storeId || BigInt(checkpoint.position) < BigInt(known.checkpoint.position))) throw new RowsReplacedError();
    if (known.made !== there.made || known.checkpoint?.position !== checkpoint?.position) this.#forget();
    return there;
  }

  #forget(): void {
    for (const projection of this.projections) projection.forget();
  }

  private async write(events: readonly RecordedEvent[], checkpoint: Checkpoint & { readonly appliedAt: string }, tx: Transaction): Promise<CheckpointRow> {
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
    const row: CheckpointRow = { subscription: READ_MODEL, ...checkpoint, layout: this.layout };
    await tx.upsert(parkedEventTable, parked);
    await tx.upsert(checkpointTable, [row]);
    for (const event of parked) this.observe.parked?.(event);
    return row;
  }

  private async restart(reason: string): Promise<undefined> {
    this.observe.rebuilding?.(reason);
    await this.clear();
    this.progress.update({ applied: undefined, caughtUp: false, appliedAt: undefined });
    return undefined;
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
