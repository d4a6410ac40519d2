import type { EventDatabase } from './event-database.js';
import type { RecentIds } from './recent-ids.js';
import { NO_STREAM } from './record.js';
import type { Append, Outcome } from './record.js';
import { firstReadable, isSoftDeleted } from './stream-states.js';
import type { StreamState } from './stream-states.js';

/** `write`: the events go behind the head. */
export type Decision = { readonly kind: 'write' } | Outcome;

/** What is looked up, where the head alone does not decide. */
export interface Known {
  readonly database: EventDatabase;
  readonly recent: RecentIds;
  readonly hasMetadata: (stream: string) => boolean;
}

const WRITE: Decision = { kind: 'write' };

/** How a server decides an append, by the head of the stream and the ids alone. */
export function decideAppend(append: Append, state: StreamState, { database, recent, hasMetadata }: Known): Decision {
  const { stream, expected, events } = append;
  const { head } = state;
  if (state.tombstoned) return { kind: 'stream-deleted' };
  if (expected === 'stream-exists' && isSoftDeleted(state)) return { kind: 'stream-deleted' };
  // A stream that has metadata and no events yet exists, for this purpose.
  if (expected === 'stream-exists' && head === NO_STREAM && !hasMetadata(stream)) return { kind: 'wrong-version', actual: head };
  if (expected === 'any' || expected === 'stream-exists') return decideByRecentIds(append, state, recent);
  if (expected > head) return { kind: 'wrong-version', actual: head };
  if (expected === head) return WRITE;
  const stored = database.stored(stream, expected + 1, events.length);
  const differs = events.findIndex(({ id }, index) => stored[index]?.[0] !== id);
  if (differs < 0 && events.length > 0) return retried(state, expected + events.length, stored.at(-1)?.[1]);
  return expected === NO_STREAM && differs <= 0 && isSoftDeleted(state) ? WRITE : { kind: 'wrong-version', actual: head };
}

function decideByRecentIds({ stream, events }: Append, state: StreamState, recent: RecentIds): Decision {
  const known = events.map(({ id }) => {
    const written = recent.get(id);
    return written?.stream === stream ? written : undefined;
  });
  const last = known.at(-1);
  if (known[0] === undefined) return WRITE;
  return last === undefined || known.includes(undefined) ? { kind: 'wrong-version', actual: state.head } : retried(state, last.revision, last.position);
}

/** The answer to a retry: what can't be read any more has no position. */
const retried = (state: StreamState, revision: number, position: number | undefined): Decision =>
  ({ kind: 'written', revision, position: revision < firstReadable(state) ? undefined : position });
