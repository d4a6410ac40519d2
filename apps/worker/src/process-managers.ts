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
const EXPIRY_SWEEP_MS = 1_000;

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

/** Books ends of orders, until the lease is lost. Its checkpoint is saved under the fence: who lost the lease moves it no more. @throws StoreUnavailableError */
export async function settleEnds(parts: ProcessParts, book: Settle, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables } = parts;
  const checkpoints = new ProcessCheckpoints(tables);
  const storeId = await store.storeId();
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    await settleUses(events, book);
    const last = events.at(-1);
    if (last !== undefined) await fenced(() => checkpoints.save(SETTLE_USES, checkpointAt(storeId, last), lease));
    parts.handled(SETTLE_USES);
  };
  const after = await resume(parts, checkpoints, SETTLE_USES);
  await followDurably({ store, name: SETTLE_USES, prefixes: [SIGN_ORDER_PREFIX], gather: SETTLE, after, handle, caughtUp: () => parts.handled(SETTLE_USES), signal, failed: parts.failed(SETTLE_USES), observe: parts.observe(SETTLE_USES) });
}

/** Expires operations, until the lease is lost. Its timers and its checkpoint are written under the fence. @throws StoreUnavailableError */
export async function expireOperations(parts: ProcessParts, operations: OperationExecutor, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables, clock, log } = parts;
  // What was confirmed, and written, while another held the lease.
  await clock.start(store);
  const expiry = new ExpireOperations(operations, new SqlExpiryTimers(tables, await store.storeId(), lease), clock);
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await fenced(() => expiry.handle(events.filter((e) => e.stream.startsWith(OPERATION_PREFIX))));
    parts.handled(EXPIRE_OPERATIONS);
  };
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      await fenced(() => expiry.sweep()).catch((error: unknown) => log.warn({ error, subscription: EXPIRE_OPERATIONS }, 'expiring failed; it is tried again'));
      await pause(EXPIRY_SWEEP_MS, signal);
    }
  };
  const after = await resume(parts, new ProcessCheckpoints(tables), EXPIRE_OPERATIONS);
  const following = followDurably({ store, name: EXPIRE_OPERATIONS, prefixes: [OPERATION_PREFIX, 'clock-'], gather: EXPIRY, after, handle, caughtUp: () => parts.handled(EXPIRE_OPERATIONS), signal, failed: parts.failed(EXPIRE_OPERATIONS), observe: parts.observe(EXPIRE_OPERATIONS) });
  await Promise.all([following, sweep()]);
}

/** Applies acts whose operations were approved, until the lease is lost. @throws StoreUnavailableError */
export async function applyActs(parts: ProcessParts, acts: ApplyActs, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables, clock } = parts;
  await clock.start(store);
  const checkpoints = new ProcessCheckpoints(tables);
  const storeId = await store.storeId();
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await acts.handle(events);
    const last = events.at(-1);
    if (last !== undefined) await fenced(() => checkpoints.save(APPLY_ACTS, checkpointAt(storeId, last), lease));
    parts.handled(APPLY_ACTS);
  };
  const after = await resume(parts, checkpoints, APPLY_ACTS);
  await followDurably({ store, name: APPLY_ACTS, prefixes: [OPERATION_PREFIX, 'clock-'], gather: ACTS, after, handle, caughtUp: () => parts.handled(APPLY_ACTS), signal, failed: parts.failed(APPLY_ACTS), observe: parts.observe(APPLY_ACTS) });
}

/** Has keys follow the control plane, until the lease is lost. @throws StoreUnavailableError */
export async function followActs(parts: ProcessParts, acts: FollowActs, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables, clock } = parts;
  await clock.start(store);
  const checkpoints = new ProcessCheckpoints(tables);
  const storeId = await store.storeId();
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await acts.handle(events);
    const last = events.at(-1);
    if (last !== undefined) await fenced(() => checkpoints.save(FOLLOW_ACTS, checkpointAt(storeId, last), lease));
    parts.handled(FOLLOW_ACTS);
  };
  const after = await resume(parts, checkpoints, FOLLOW_ACTS);
  await followDurably({ store, name: FOLLOW_ACTS, prefixes: [CONTROL_PLANE_PREFIX, 'clock-'], gather: ACTS, after, handle, caughtUp: () => parts.handled(FOLLOW_ACTS), signal, failed: parts.failed(FOLLOW_ACTS), observe: parts.observe(FOLLOW_ACTS) });
}

/** Reminds, escalates, and disables keys whose emergency use nobody reviewed, until the lease is lost. @throws StoreUnavailableError */
export async function keepDeadlines(parts: ProcessParts, operations: OperationExecutor, disable: DisableKey, { lease, signal, fenced }: UnderLease): Promise<void> {
  const { store, tables, clock, log } = parts;
  await clock.start(store);
  const deadlines = new KeepDeadlines(operations, new SqlDeadlineTimers(tables, await store.storeId(), lease), clock, disable);
  const handle = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) clock.follow(event);
    await fenced(() => deadlines.handle(events.filter((e) => e.stream.startsWith(OPERATION_PREFIX))));
    parts.handled(KEEP_DEADLINES);
  };
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      await fenced(() => deadlines.sweep()).catch((error: unknown) => log.warn({ error, subscription: KEEP_DEADLINES }, 'a deadline could not be kept; it is tried again'));
      await pause(EXPIRY_SWEEP_MS, signal);
    }
  };
  const after = await resume(parts, new ProcessCheckpoints(tables), KEEP_DEADLINES);
  const following = followDurably({ store, name: KEEP_DEADLINES, prefixes: [OPERATION_PREFIX, 'clock-'], gather: EXPIRY, after, handle, caughtUp: () => parts.handled(KEEP_DEADLINES), signal, failed: parts.failed(KEEP_DEADLINES), observe: parts.observe(KEEP_DEADLINES) });
  await Promise.all([following, sweep()]);
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
