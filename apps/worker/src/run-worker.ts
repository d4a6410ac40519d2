import { join } from 'node:path';
import { followDurably } from '#eventing/durable-subscription.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { soleLeases } from '#eventing/sole-leases.js';
import { StreamStates } from '#eventing/stream-states.js';
import { NO_TRACES } from '#eventing/trace.port.js';
import { TracedCommandExecutor } from '#eventing/traced-command-executor.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { withLease } from '#eventing/with-lease.js';
import type { UnderLease } from '#eventing/with-lease.js';
import { ApplyActs } from '#administration/application/apply-acts/apply-acts.process.js';
import { controlPlaneDecider, controlPlaneKind } from '#administration/application/control-plane-kind.js';
import { controlPlaneStream } from '#administration/contract.js';
import { namedDeployment } from '#eventing/deployment.js';
import { FollowActs } from '#keys/application/follow-acts/follow-acts.process.js';
import { keyDecider, keyKind } from '#keys/contract.js';
import { KEEP_DEADLINES } from '#operations/adapters/projections/sql-deadline-timers.js';
import { EXPIRE_OPERATIONS } from '#operations/adapters/projections/sql-expiry-timers.js';
import { operationDecider, operationKind } from '#operations/contract.js';
import type { Config } from '#platform/config/config.js';
import { nextLeaseHolder } from '#platform/data-folder/lease-holder.js';
import type { Log } from '#platform/logging/log.js';
import { followProgress } from '#platform/read-model/follow-progress.js';
import { followReadModel } from '#platform/read-model/follow-read-model.js';
import { openProcessTables, openReadModel } from '#platform/read-model/open-read-model.js';
import { Projector } from '#platform/read-model/projector.js';
import { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import type { ReadModelState } from '#platform/read-model/read-model-progress.js';
import { READ_MODEL } from '#platform/read-model/subscription-tables.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { countEvents } from '#platform/telemetry/count-events.js';
import { tellEmergencies } from '#platform/telemetry/tell-emergencies.js';
import type { Metrics } from '#platform/telemetry/metrics.js';
import { observedLeases } from '#platform/telemetry/observed-leases.js';
import { systemClock } from '#platform/time/system-clock.js';
import { settleBy } from '#signing/application/settle-uses/settle-uses.process.js';
import type { Settle } from '#signing/application/settle-uses/settle-uses.process.js';
import { approvedActs } from './approved-acts.js';
import { disableBySystem } from './disable-by-system.js';
import { APPLY_ACTS, applyActs, expireOperations, FOLLOW_ACTS, followActs, keepDeadlines, SETTLE_USES, settleEnds } from './process-managers.js';
import type { ProcessParts } from './process-managers.js';
import { allProjections, PROCESS_PARTS, READ_MODEL_PARTS } from './read-model-parts.js';

const CACHED_STREAMS = 2_000;

export interface WorkerParts {
  /** `dataDir` is locked by this process, and used by no other worker. */
  readonly config: Pick<Config, 'dataDir' | 'readModel' | 'administration'>;
  readonly store: EventStore;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who books the ends of orders; left out: this worker itself. */
  readonly settle?: Settle;
}

export interface RunningWorker {
  /** How far the read model is, whoever writes it. */
  state(): ReadModelState;
  /** What its subscriptions fail at now; undefined when nothing. One that another works on is no failure. */
  fault(): string | undefined;
  /** Its subscriptions that another works on now. */
  standby(): readonly string[];
  stop(): Promise<void>;
}

/**
 * Projections and process managers of a process. On PostgreSQL each subscription runs under a lease: of several workers one works on it, and another goes on
 * when that one is gone. @throws StoreUnavailableError
 */
export async function runWorker({ config: { dataDir, readModel, administration }, store, log, metrics, settle: given }: WorkerParts): Promise<RunningWorker> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const faults = new Map<string, string>();
  const standby = new Set<string>();
  const failed = (subscription: string) => (error: unknown, attempt: number): void => {
    faults.set(subscription, `${subscription} fails`);
    log.warn({ error, subscription, attempt }, 'a subscription failed; it goes on from its last finished event');
  };
  const handled = (subscription: string): void => void faults.delete(subscription);
  const setAside = (file: string, reason: string): void => log.warn({ file, reason }, 'a database that can be made anew was put aside');
  const rows = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS, setAside });
  const tables = await openProcessTables({ readModel, dataDir, parts: PROCESS_PARTS, setAside });
  const postgres = readModel.kind === 'postgres' ? { url: readModel.url, ...(await import('./on-postgres.js')) } : undefined;
  const progress = new ReadModelProgress();
  const clock = new TrustedClock(systemClock);
  await clock.start(store);
  const head = (await store.readAll({ limit: 1, direction: 'backward' }))[0]?.position;
  const snapshots = openSnapshotStore({ file: join(dataDir, 'worker-snapshots.db') });
  const states = new StreamStates(store, operationKind, { capacity: CACHED_STREAMS, snapshots, observe: clock.follow.bind(clock), read: (events) => metrics.streamEventsRead(events) });
  const operations = new TracedCommandExecutor(NO_TRACES, store, operationDecider, states, clock, { conflict: () => metrics.appendConflict(), appended: (events, stream) => (countEvents(metrics, events), tellEmergencies(metrics, log, events, stream)) });
  metrics.queue('commands', () => operations.waiting);
  const keys = new TracedCommandExecutor(NO_TRACES, store, keyDecider, new StreamStates(store, keyKind, { capacity: CACHED_STREAMS, observe: clock.follow.bind(clock) }), clock, { appended: (events) => countEvents(metrics, events) });
  const follower = new FollowActs(keys, (keyId, error) => log.warn({ keyId, code: error.code }, 'a key could not follow the control plane'));
  const controlPlane = new TracedCommandExecutor(NO_TRACES, store, controlPlaneDecider, new StreamStates(store, controlPlaneKind, { capacity: 1, observe: clock.follow.bind(clock) }), clock, { appended: (events) => countEvents(metrics, events) });
  // Last of what may fail: a start that breaks off has held nothing, and the next one would ask in its name.
  const postgresLeases = postgres?.openPostgresLeases(postgres.url, nextLeaseHolder(dataDir, 'worker'));
  const leases = observedLeases(postgresLeases ?? soleLeases, metrics);

  /** The subscription that is there whatever this worker works on. */
  const broken = (error: unknown, attempt: number): void => {
    states.doubt();
    keys.states.doubt();
    controlPlane.states.doubt();
    log.warn({ error, subscription: 'clock', attempt }, 'the subscription broke');
  };

  const project = async ({ lease, signal: held, fenced }: UnderLease): Promise<void> => {
    const observe = {
      parked: ({ projection, eventId }: { readonly projection: string; readonly eventId: string }) => log.error({ projection, commandId: eventId }, 'an event was parked'),
      rebuilding: (reason: string) => log.warn({ reason }, 'the read model is made anew'),
      applied: () => handled(READ_MODEL),
    };
    await postgres?.renewRows({ url: postgres.url, rows, store, log, signal: held });
    const projector = new Projector(rows, allProjections(), observe, { progress, lease });
    await followReadModel({ store, projector, signal: held, fenced, failed: failed(READ_MODEL), observe: metrics.subscription(READ_MODEL) });
  };
  const applyApproved = async (held: UnderLease): Promise<void> => {
    // An api names the deployment, by its genesis where there is one; nothing is approved before.
    const deployment = await namedDeployment(store, held.signal);
    if (deployment === undefined) return;
    const acts = new ApplyActs(controlPlane, approvedActs(operations), { stream: controlPlaneStream(deployment), quorum: administration.quorum }, ({ operationId, refused }) => {
      if (refused !== null) log.warn({ operationId, code: refused.code }, 'an approved act could not be done any more');
    });
    await applyActs(parts, acts, held);
  };
  const parts: ProcessParts = { store, tables, clock, log, handled, failed, observe: (name) => metrics.subscription(name) };

  /** While another writes the rows, they tell themselves how far they are. */
  let followed: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  const readModelHeld = (held: boolean): void => {
    followed?.stop.abort();
    if (held || signal.aborted || readModel.kind === 'embedded') return;
    const stop = new AbortController();
    followed = { stop, ended: followProgress(rows, progress, AbortSignal.any([signal, stop.signal])) };
  };
  const under = (name: string, run: (held: UnderLease) => Promise<void>, told: (held: boolean) => void = () => undefined): Promise<void> => {
    let held: boolean | undefined;
    const changed = (now: boolean): void => {
      handled(name);
      if (held === now) return;
      held = now;
      if (now) standby.delete(name);
      else standby.add(name);
      log.info({ subscription: name }, now ? 'this worker works on a subscription' : 'another may work on a subscription');
      told(now);
    };
    return withLease({ leases, name, run, stopping: signal, changed, failed: (error) => failed(name)(error, 1) });
  };
  const running = [
    under(READ_MODEL, project, readModelHeld),
    under(SETTLE_USES, (held) => settleEnds(parts, given ?? settleBy(operations), held)),
    under(EXPIRE_OPERATIONS, (held) => expireOperations(parts, operations, held)),
    under(APPLY_ACTS, applyApproved),
    under(FOLLOW_ACTS, (held) => followActs(parts, follower, held)),
    under(KEEP_DEADLINES, (held) => keepDeadlines(parts, operations, disableBySystem(keys, log), held)),
    // What an administrator says of the clock concerns each worker, whatever it works on.
    followDurably({ store, name: 'clock', prefixes: ['clock-'], after: head, handle: (events) => Promise.resolve(events.forEach((event) => clock.follow(event))), signal, failed: broken }),
  ];
  return {
    state: () => progress.state,
    fault: () => [...faults.values()][0],
    standby: () => [...standby],
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await followed?.ended;
      await postgresLeases?.close();
      await rows.close();
      await tables.close();
      snapshots.close();
    },
  };
}
