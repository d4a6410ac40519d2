import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allProjections, READ_MODEL_PARTS } from '#apps/worker/src/read-model-parts.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { DomainEvent } from '#kernel/decider.js';
import { OPERATION_PREFIX, operationKind } from '#operations/contract.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { rebuildReadModel } from '#platform/read-model/follow-read-model.js';
import { openReadModel } from '#platform/read-model/open-read-model.js';
import { Projector } from '#platform/read-model/projector.js';
import { rebuildBeside } from '#platform/read-model/rebuild-beside.js';
import { SIGN_ORDER_PREFIX, signOrderKind } from '#signing/contract.js';
import { EVENTS_PER_OPERATION, operationHistory } from './operation-history.js';

export interface ReplayRate {
  readonly events: number;
  /** Reading the whole log and folding every stream of it, events a second. */
  readonly replayPerSecond: number;
  /** Reading it and making all rows anew, events a second. */
  readonly rebuildPerSecond: number;
  readonly readModelBytesPerEvent: number;
  /** The same in PostgreSQL, beside whatever rows there are, with the exchange. */
  readonly postgresPerSecond?: number;
}

/** Operations whose orders are under way at the same time. */
const INTERLEAVED = 50;

/**
 * Rebuilds the read model of about so many events, or some more, from an embedded log in a temporary folder of `parent`.
 * @param postgres URL of an empty database, where the rows are to be made there as well
 */
export async function measureRebuild(events: number, parent = tmpdir(), postgres?: string): Promise<ReplayRate> {
  const dir = mkdtempSync(join(parent, 'countersign-replay-'));
  const log = await openEmbeddedLog({ dir });
  try {
    await seed(log.store, Math.ceil(events / EVENTS_PER_OPERATION));
    const replayed = await timed(() => replay(log.store));
    const database = await openReadModel({ readModel: { kind: 'embedded' }, dataDir: dir, parts: READ_MODEL_PARTS });
    try {
      const projector = new Projector(database, allProjections());
      const rebuilt = await rebuildReadModel({ store: log.store, projector, signal: new AbortController().signal });
      return {
        events: rebuilt.events,
        replayPerSecond: Math.round((replayed.result * 1000) / replayed.ms),
        rebuildPerSecond: Math.round((rebuilt.events * 1000) / rebuilt.ms),
        readModelBytesPerEvent: Math.round(statSync(join(dir, 'read-model.db')).size / rebuilt.events),
        ...(postgres === undefined ? {} : { postgresPerSecond: await rebuildOnPostgres(log.store, postgres) }),
      };
    } finally {
      await database.close();
    }
  } finally {
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function rebuildOnPostgres(store: EventStore, url: string): Promise<number> {
  const { result, ms } = await timed(() => rebuildBeside({ url, parts: READ_MODEL_PARTS, projections: allProjections(), store, signal: new AbortController().signal }));
  return Math.round((result.events * 1000) / ms);
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const started = performance.now();
  return { result: await work(), ms: performance.now() - started };
}

/** Folds the streams of one kind, as whoever decides does. */
function folding<E extends DomainEvent, S>(kind: StreamKind<E, S>): (recorded: RecordedEvent) => void {
  const states = new Map<string, S>();
  return (recorded) => void states.set(recorded.stream, kind.evolve(states.get(recorded.stream) ?? kind.initialState, kind.decode(recorded)));
}

async function replay(store: EventStore): Promise<number> {
  const operations = folding(operationKind);
  const orders = folding(signOrderKind);
  let events = 0;
  const done = new AbortController();
  for await (const message of store.subscribe({ signal: done.signal, batch: 500 })) {
    if (message.kind !== 'events') break;
    for (const event of message.events) {
      if (event.stream.startsWith(OPERATION_PREFIX)) operations(event);
      else if (event.stream.startsWith(SIGN_ORDER_PREFIX)) orders(event);
    }
    events += message.events.length;
  }
  done.abort();
  return events;
}

/** Appends in the order in which a busy deployment would: step by step over many operations. */
async function seed(store: EventStore, operations: number): Promise<void> {
  for (let from = 0; from < operations; from += INTERLEAVED) {
    const histories = Array.from({ length: Math.min(INTERLEAVED, operations - from) }, (_, i) => operationHistory(from + i));
    for (let step = 0; ; step += 1) {
      const appends = histories.flatMap((h) => h[step] ?? []);
      if (appends.length === 0) break;
      await Promise.all(appends.map((a) => store.append(a.stream, a.expected, a.events)));
    }
  }
}
