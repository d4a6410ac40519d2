import type { Engine } from '../engine/engine.js';
import type { StoredEvent } from '../engine/record.js';
import { firstReadable } from '../engine/stream-states.js';
import type { ReadFilter } from './read-filter.js';

/** Part of what follows a cursor. */
export interface Step {
  /** What is to be sent, in order. */
  readonly events: readonly StoredEvent[];
  /** Positions or revisions up to here were looked through. */
  readonly cursor: number;
  /** How many were, wanted or not; 0 at the end. */
  readonly considered: number;
}
/** Where a subscription takes its events from. The cursor is a revision of one stream, or a position in all. */
export interface Source {
  next(cursor: number, limit: number): Step;
  /** How many wanted events, up to a limit, come after the cursor. */
  waiting(cursor: number, limit: number): number;
}

/** How far a filtered catch-up looks in one step. */
const SCANNED = 1_000;

export const streamSource = (engine: Engine, stream: string): Source => {
  const next = (cursor: number, limit: number): Step => {
    const state = engine.state(stream);
    const low = Math.max(cursor + 1, firstReadable(state));
    const events = low > state.head ? [] : engine.ofStream(stream, low, state.head, limit, false);
    return { events, cursor: events.at(-1)?.revision ?? cursor, considered: events.length };
  };
  return { next, waiting: (cursor, limit) => Math.min(engine.state(stream).head - cursor, limit) };
};

export const allSource = (engine: Engine, filter: ReadFilter | undefined): Source => {
  if (filter === undefined) {
    const next = (cursor: number, limit: number): Step => {
      const events = engine.after(cursor, limit);
      return { events, cursor: events.at(-1)?.position ?? cursor, considered: events.length };
    };
    return { next, waiting: (cursor, limit) => engine.after(cursor, limit).length };
  }
  const wanted = (events: readonly StoredEvent[]): readonly StoredEvent[] => events.filter(({ stream, type }) => filter.wants(stream, type));
  const next = (cursor: number, limit: number): Step => {
    // A step ends where a checkpoint is due, so that those come as often as was asked for.
    if (cursor >= engine.recent.floor) {
      const events = engine.recent.after(cursor, limit);
      return { events: wanted(events), cursor: events.at(-1)?.position ?? cursor, considered: events.length };
    }
    const heads = engine.headsAfter(cursor, Math.min(limit, SCANNED));
    const events = heads.filter(([, stream, type]) => filter.wants(stream, type)).map(([position]) => engine.at(position));
    return { events: events.filter((event) => event !== undefined), cursor: heads.at(-1)?.[0] ?? cursor, considered: heads.length };
  };
  return { next, waiting: (cursor, limit) => wanted(engine.after(cursor, limit * 8)).length };
};
