import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { IndexedEvent } from './ports/trail-index.port.js';
import type { TrailItem } from './trail-item.js';

/** Reads of the event store under way at once, for one page. */
const PARALLEL = 16;
/** Events of a stream that lie so close are read together, with those between them. */
const NEIGHBOURS = 8;

interface Run {
  readonly stream: string;
  readonly from: number;
  to: number;
}

/**
 * The events themselves, in the index's order. Whoever writes the index can leave an event out, but not change what an auditor reads:
 * an entry that is not exactly an event of the store, or one that does not belong into the answer, ends it.
 * @param belongs whether the event answers the question that the index was asked
 * @throws StoreUnavailableError
 */
export async function readTrail(store: EventStore, indexed: readonly IndexedEvent[], belongs: (event: RecordedEvent) => boolean): Promise<readonly TrailItem[]> {
  const found = new Map<string, RecordedEvent>();
  const runs = runsOf(indexed);
  const readNext = async (): Promise<void> => {
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) for (const event of await store.readStream(run.stream, { from: run.from, limit: run.to - run.from + 1 })) found.set(placeOf(event), event);
  };
  await Promise.all(Array.from({ length: PARALLEL }, readNext));
  return indexed.map((entry) => {
    const event = found.get(placeOf(entry));
    if (event === undefined || event.id !== entry.id || event.position !== entry.position || !belongs(event))
      throw new StoreUnavailableError(`the audit index names ${entry.id} at ${placeOf(entry)}, the event store does not bear it out: rebuild the projections`);
    return itemOf(event);
  });
}

const placeOf = ({ stream, revision }: { readonly stream: string; readonly revision: number }): string => `${stream}@${revision}`;

function runsOf(indexed: readonly IndexedEvent[]): Run[] {
  const runs: Run[] = [];
  const sorted = [...indexed].sort((a, b) => (a.stream === b.stream ? a.revision - b.revision : a.stream < b.stream ? -1 : 1));
  for (const { stream, revision } of sorted) {
    const last = runs.at(-1);
    if (last?.stream === stream && revision - last.to <= NEIGHBOURS) last.to = revision;
    else runs.push({ stream, from: revision, to: revision });
  }
  return runs;
}

const itemOf = ({ position, stream, revision, id, type, metadata, data }: RecordedEvent): TrailItem => ({
  position: position.toString(),
  stream,
  revision: revision.toString(),
  id,
  type,
  at: metadata.at,
  actor: { issuer: metadata.actor.issuer, subject: metadata.actor.subject },
  data,
});
