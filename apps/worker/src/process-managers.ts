import { checkpointAt, CheckpointLostError, resumeAfter } from '#eventing/checkpoint.js';
import { followDurably, pause } from '#eventing/durable-subscription.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { SubscriptionObserver } from '#eventing/subscription-lag.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import type { UnderLease } from '#eventing/with-lease.js';
import { CONTROL_PLANE_PREFIX } from '#administration/contract.js';
import type { FollowActs } from '#keys/application/follow-acts/follow-acts.process.js';
import type { ApplyActs } from '#administration/application/apply-acts/apply-acts.process.js';
import { KEEP_DEADLINES, SqlDeadlineTimers } from '#operations/adapters/projections/sql-deadline-timers.js';
import { EXPIRE_OPERATIONS, SqlExpiryTimers } from '#operations/adapters/projections/sql-expiry-timers.js';
import { ExpireOperations } from '#operations/application/expire-operations/expire-operations.process.js';
import { KeepDeadlines } from '#operations/application/keep-deadlines/keep-deadlines.process.js';
import type { DisableKey } from '#operations/application/keep-deadlines/keep-deadlines.process.js';
import { OPERATION_PREFIX } from '#operations/contract.js';
import type { OperationExecutor } from '#operations/contract.js';
import type { Log } from '#platform/logging/log.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { ProcessCheckpoints } from '#platform/read-model/process-checkpoints.js';
import { settleUses } from '#signing/application/settle-uses/settle-uses.process.js';
import type { Settle } from '#signing/application/settle-uses/settle-uses.process.js';
import { SIGN_ORDER_PREFIX } from '#signing/contract.js';

/** The subscription of the process manager that books the ends of orders. Named for ever. */
export const SETTLE_USES = 'settle-uses';
/** The subscription of the process manager that applies approved acts. Named for ever. */
export const APPLY_ACTS = 'apply-acts';
/** The subscription of the process manager that has keys follow the control plane. Named for ever. */
export const FOLLOW_ACTS = 'follow-acts';
/** Somebody waits for what he approved. */
const ACTS = { ms: 20, enough: 500 };
/** Ends are booked together, so often (rule 4), or when there are so many events of orders. */
const SETTLE = { ms: 200, enough: 500 };
/** Timers are set and removed together: what they wait for is 60 s away. */
const EXPIRY = { ms: 500, enough: 500 };
const SWEEP_MS = 1_000;

/** What the process managers of a worker share. */
export interface ProcessParts {
  readonly store: EventStore;
  readonly tables: ReadModelDatabase;
  readonly clock: TrustedClock;
  readonly log: Log;
  readonly observe: (subscription: string) => SubscriptionObserver;
  readonly failed: (subscription: string) => (error: unknown, attempt: number) => void;
  /** Events had their effect. */
  readonly handled: (subscription: string) => void;
}

interface Following {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly gather: { readonly ms: number; readonly enough: number };
}

/** Follows for an effect that may come twice. Its checkpoint is saved under the fence: who lost the lease moves it no more. */
async function followForEffect(parts: ProcessParts, { name, prefixes, gather }: Following, effect: (events: readonly RecordedEvent[]) => Promise<void>, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables } = parts;
  const checkpoints = new ProcessCheckpoints(tables);
  const storeId = await store.storeId();
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    await effect(events);
    const last = events.at(-1);
    if (last !== undefined) await fenced(() => checkpoints.save(name, checkpointAt(storeId, last), lease));
    parts.handled(name);
  };
  const after = await resume(parts, checkpoints, name);
  await followDurably({ store, name, prefixes, gather, after, handle, caughtUp: () => parts.handled(name), signal, failed: parts.failed(name), observe: parts.observe(name) });
}

/** Books ends of orders, until the lease is lost. @throws StoreUnavailableError */
export const settleEnds = (parts: ProcessParts, book: Settle, held: UnderLease): Promise<void> =>
  followForEffect(parts, { name: SETTLE_USES, prefixes: [SIGN_ORDER_PREFIX], gather: SETTLE }, (events) => settleUses(events, book), held);

/** Does acts, or has keys follow them, until the lease is lost: at the times of a clock that has seen what was confirmed. */
async function followActing(parts: ProcessParts, name: string, prefix: string, acts: { handle(events: readonly RecordedEvent[]): Promise<void> }, held: UnderLease): Promise<void> {
  const { clock, store } = parts;
  // What was confirmed, and written, while another held the lease.
  await clock.start(store);
  const effect = (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    return acts.handle(events);
  };
  await followForEffect(parts, { name, prefixes: [prefix, 'clock-'], gather: ACTS }, effect, held);
}

/** Applies acts whose operations were approved, until the lease is lost. @throws StoreUnavailableError */
export const applyActs = (parts: ProcessParts, acts: ApplyActs, held: UnderLease): Promise<void> => followActing(parts, APPLY_ACTS, OPERATION_PREFIX, acts, held);

/** Has keys follow the control plane, until the lease is lost. @throws StoreUnavailableError */
export const followActs = (parts: ProcessParts, acts: FollowActs, held: UnderLease): Promise<void> => followActing(parts, FOLLOW_ACTS, CONTROL_PLANE_PREFIX, acts, held);

/** What a process manager does with its timers, which it keeps in one transaction with its checkpoint. */
interface Timed {
  handle(events: readonly RecordedEvent[]): Promise<void>;
  sweep(): Promise<void>;
}

/** Keeps timers of operations, and does what is due, until the lease is lost. Timers and checkpoint are written under the fence. */
async function keepTimers(parts: ProcessParts, name: string, timed: Timed, { signal, fenced }: UnderLease): Promise<void> {
  const { store, tables, clock, log } = parts;
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await fenced(() => timed.handle(events.filter((e) => e.stream.startsWith(OPERATION_PREFIX))));
    parts.handled(name);
  };
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      await fenced(() => timed.sweep()).catch((error: unknown) => log.warn({ error, subscription: name }, 'what is due could not be done; it is tried again'));
      await pause(SWEEP_MS, signal);
    }
  };
  const after = await resume(parts, new ProcessCheckpoints(tables), name);
  const following = followDurably({ store, name, prefixes: [OPERATION_PREFIX, 'clock-'], gather: EXPIRY, after, handle, caughtUp: () => parts.handled(name), signal, failed: parts.failed(name), observe: parts.observe(name) });
  await Promise.all([following, sweep()]);
}

/** Expires operations, until the lease is lost. @throws StoreUnavailableError */
export async function expireOperations(parts: ProcessParts, operations: OperationExecutor, held: UnderLease): Promise<void> {
  const { store, tables, clock } = parts;
  await clock.start(store);
  await keepTimers(parts, EXPIRE_OPERATIONS, new ExpireOperations(operations, new SqlExpiryTimers(tables, await store.storeId(), held.lease), clock), held);
}

/** Reminds, escalates, and disables keys whose emergency use nobody reviewed, until the lease is lost. @throws StoreUnavailableError */
export async function keepDeadlines(parts: ProcessParts, operations: OperationExecutor, disable: DisableKey, held: UnderLease): Promise<void> {
  const { store, tables, clock } = parts;
  await clock.start(store);
  await keepTimers(parts, KEEP_DEADLINES, new KeepDeadlines(operations, new SqlDeadlineTimers(tables, await store.storeId(), held.lease), clock, disable), held);
}

/** Its place in the log, or the beginning when that is another one: process managers may see everything again. */
async function resume({ store, log }: ProcessParts, checkpoints: ProcessCheckpoints, name: string): Promise<Position | undefined> {
  try {
    return await resumeAfter(store, name, await checkpoints.load(name));
  } catch (error) {
    if (!(error instanceof CheckpointLostError)) throw error;
    log.warn({ error, subscription: name }, 'the checkpoint is not in this store: everything is looked at again');
    return undefined;
  }
}
