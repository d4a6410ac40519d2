import { join } from 'node:path';
import { checkpointAt, CheckpointLostError, resumeAfter } from '#eventing/checkpoint.js';
import { followDurably, pause } from '#eventing/durable-subscription.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { NO_TRACES } from '#eventing/trace.port.js';
import { TracedCommandExecutor } from '#eventing/traced-command-executor.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { EXPIRE_OPERATIONS, SqlExpiryTimers } from '#operations/adapters/projections/sql-expiry-timers.js';
import { ExpireOperations } from '#operations/application/expire-operations/expire-operations.process.js';
import { OPERATION_PREFIX, operationDecider, operationKind } from '#operations/contract.js';
import type { Config } from '#platform/config/config.js';
import type { Log } from '#platform/logging/log.js';
import { followReadModel } from '#platform/read-model/follow-read-model.js';
import { openProcessTables, openReadModel } from '#platform/read-model/open-read-model.js';
import { ProcessCheckpoints } from '#platform/read-model/process-checkpoints.js';
import { Projector } from '#platform/read-model/projector.js';
import type { ReadModelState } from '#platform/read-model/read-model-progress.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { countEvents } from '#platform/telemetry/count-events.js';
import type { Metrics } from '#platform/telemetry/metrics.js';
import { systemClock } from '#platform/time/system-clock.js';
import { settleBy, settleUses } from '#signing/application/settle-uses/settle-uses.process.js';
import type { Settle } from '#signing/application/settle-uses/settle-uses.process.js';
import { SIGN_ORDER_PREFIX } from '#signing/contract.js';
import { allProjections, PROCESS_PARTS, READ_MODEL_PARTS } from './read-model-parts.js';

/** The subscription of the process manager that books the ends of orders. Named for ever. */
const SETTLE_USES = 'settle-uses';
/** Ends are booked together, so often (rule 4), or when there are so many events of orders. */
const SETTLE = { ms: 200, enough: 500 };
/** Timers are set and removed together: what they wait for is 60 s away. */
const EXPIRY = { ms: 500, enough: 500 };
const EXPIRY_SWEEP_MS = 1_000;
const CACHED_STREAMS = 2_000;

export interface WorkerParts {
  readonly config: Pick<Config, 'dataDir' | 'readModel'>;
  readonly store: EventStore;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who books the ends of orders; left out: this worker itself. */
  readonly settle?: Settle;
}

export interface RunningWorker {
  /** How far the read model is. */
  state(): ReadModelState;
  /** What its subscriptions fail at now; undefined when nothing. */
  fault(): string | undefined;
  stop(): Promise<void>;
}

/** Projections and process managers of a process. @throws StoreUnavailableError */
export async function runWorker({ config: { dataDir, readModel }, store, log, metrics, settle: given }: WorkerParts): Promise<RunningWorker> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const faults = new Map<string, string>();
  const failed = (subscription: string) => (error: unknown, attempt: number): void => {
    faults.set(subscription, `${subscription} fails`);
    log.warn({ error, subscription, attempt }, 'a subscription failed; it goes on from its last finished event');
  };
  const setAside = (file: string, reason: string): void => log.warn({ file, reason }, 'a database that can be made anew was put aside');
  const rows = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS, setAside });
  const tables = await openProcessTables({ readModel, dataDir, parts: PROCESS_PARTS, setAside });
  const projector = new Projector(rows, allProjections(), {
    parked: ({ projection, eventId }) => log.error({ projection, commandId: eventId }, 'an event was parked'),
    rebuilding: (reason) => log.warn({ reason }, 'the read model is made anew'),
  });
  const clock = new TrustedClock(systemClock);
  await clock.start(store);
  const snapshots = openSnapshotStore({ file: join(dataDir, 'worker-snapshots.db') });
  const states = new StreamStates(store, operationKind, { capacity: CACHED_STREAMS, snapshots, observe: clock.follow.bind(clock), read: (events) => metrics.streamEventsRead(events) });
  const operations = new TracedCommandExecutor(NO_TRACES, store, operationDecider, states, clock, { conflict: () => metrics.appendConflict(), appended: (events) => countEvents(metrics, events) });
  metrics.queue('commands', () => operations.waiting);
  const checkpoints = new ProcessCheckpoints(tables);
  const storeId = await store.storeId();

  /** Its place in the log, or the beginning when that is another one: both process managers may see everything again. */
  const resume = async (name: string): Promise<Position | undefined> => {
    try {
      return await resumeAfter(store, name, await checkpoints.load(name));
    } catch (error) {
      if (!(error instanceof CheckpointLostError)) throw error;
      log.warn({ error, subscription: name }, 'the checkpoint is not in this store: everything is looked at again');
      return undefined;
    }
  };

  const book = given ?? settleBy(operations);
  const settle = async (events: readonly RecordedEvent[]): Promise<void> => {
    await settleUses(events, book);
    const last = events.at(-1);
    if (last !== undefined) await checkpoints.save(SETTLE_USES, checkpointAt(storeId, last));
    faults.delete(SETTLE_USES);
  };

  const expiry = new ExpireOperations(operations, new SqlExpiryTimers(tables, storeId), clock);
  const expire = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await expiry.handle(events.filter((e) => e.stream.startsWith(OPERATION_PREFIX)));
    faults.delete(EXPIRE_OPERATIONS);
  };
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      await expiry.sweep().catch((error: unknown) => log.warn({ error, subscription: EXPIRE_OPERATIONS }, 'expiring failed; it is tried again'));
      await pause(EXPIRY_SWEEP_MS, signal);
    }
  };

  const running = [
    followReadModel({ store, projector, signal, failed: failed('read-model'), observe: metrics.subscription('read-model') }),
    followDurably({ store, name: SETTLE_USES, prefixes: [SIGN_ORDER_PREFIX], gather: SETTLE, after: await resume(SETTLE_USES), handle: settle, signal, failed: failed(SETTLE_USES), observe: metrics.subscription(SETTLE_USES) }),
    followDurably({ store, name: EXPIRE_OPERATIONS, prefixes: [OPERATION_PREFIX, 'clock-'], gather: EXPIRY, after: await resume(EXPIRE_OPERATIONS), handle: expire, signal, failed: failed(EXPIRE_OPERATIONS), observe: metrics.subscription(EXPIRE_OPERATIONS) }),
    sweep(),
  ];
  return {
    state: () => {
      const state = projector.progress.state;
      if (state.caughtUp) faults.delete('read-model');
      return state;
    },
    fault: () => [...faults.values()][0],
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await rows.close();
      await tables.close();
      snapshots.close();
    },
  };
}
