import type { Decider, DomainEvent } from '#kernel/decider.js';
import { DomainError } from '#kernel/domain-error.js';
import { CommandExecutor, EXECUTOR_LIMITS } from '../command-executor.js';
import type { CommandRequest, ExecutorLimits } from '../command-executor.js';
import type { CommandMeta } from '../command-meta.js';
import { eventCodec } from '../event-codec.js';
import type { EventStore } from '../event-store.port.js';
import { randomId } from '../ids.js';
import type { SnapshotStore } from '../snapshot-store.port.js';
import { StreamStates } from '../stream-states.js';
import type { StreamKind } from '../stream-states.js';
import type { StreamTurns } from '../stream-turns.js';
import { TrustedClock } from '../trusted-clock.js';

/** A small aggregate for tests of what carries aggregates: a sum with a limit, which can be switched off. */
export type CounterEvent =
  | DomainEvent<'c.added.v1', { readonly n: number; readonly pad: string }>
  | DomainEvent<'c.filled.v1', Record<string, never>>
  | DomainEvent<'c.switched.v1', { readonly on: boolean }>;
export type CounterCommand =
  /** `parts`: as many events. */
  | { readonly type: 'add'; readonly n: number; readonly pad?: string; readonly parts?: number }
  | { readonly type: 'switch'; readonly on: boolean };
export interface CounterState {
  readonly sum: number;
  readonly on: boolean;
  readonly full: boolean;
}
export const LIMIT = 1_000_000;

const initialState: CounterState = { sum: 0, on: true, full: false };
const evolve = (state: CounterState, event: CounterEvent): CounterState => {
  if (event.type === 'c.added.v1') return { ...state, sum: state.sum + event.data.n };
  return event.type === 'c.filled.v1' ? { ...state, full: true } : { ...state, on: event.data.on };
};

/** Nothing to add is "already so", too much is refused; the command that fills it up makes two events. */
export const counterDecider = (limit: number): Decider<CounterCommand, CounterEvent, CounterState> => ({
  initialState,
  evolve,
  decide: (command, state) => {
    if (command.type === 'switch') return state.on === command.on ? [] : [{ type: 'c.switched.v1', data: { on: command.on } }];
    if (!state.on) throw new DomainError('KEY_DISABLED', 'off');
    const { n, pad = '', parts = 1 } = command;
    if (n === 0) return [];
    const sum = state.sum + n * parts;
    if (sum > limit) throw new DomainError('USAGE_EXHAUSTED', 'full');
    const added = Array.from({ length: parts }, (): CounterEvent => ({ type: 'c.added.v1', data: { n, pad } }));
    return sum === limit ? [...added, { type: 'c.filled.v1', data: {} }] : added;
  },
});

/** `filled` is not remembered, as `approved` and `rejected` of operations are not. */
export const counterKind: StreamKind<CounterEvent, CounterState> = {
  initialState, evolve, decode: eventCodec<CounterEvent>(['c.added.v1', 'c.filled.v1', 'c.switched.v1']),
  remembers: (event) => event.type !== 'c.filled.v1', snapshotVersion: 'counter/1', toJson: (state) => state, fromJson: (state: CounterState) => state,
};

export type CounterExecutor = CommandExecutor<CounterCommand, CounterEvent, CounterState>;
export const AT = Date.parse('2026-11-20T12:00:00.000Z');
export const standingClock = (): TrustedClock => new TrustedClock({ wall: () => AT, monotonic: () => 0 });

/** What one process has: a cache and an executor of its own. */
export function counterProcess(
  store: EventStore,
  { limit = LIMIT, capacity = 100, clock = standingClock(), snapshots, observe = {}, turns, ...limits }: { limit?: number; capacity?: number; clock?: TrustedClock; snapshots?: SnapshotStore; observe?: { conflict?: () => void }; turns?: StreamTurns } & Partial<ExecutorLimits> = {},
): CounterExecutor {
  const states = new StreamStates(store, counterKind, { capacity, ...(snapshots === undefined ? {} : { snapshots }) });
  return new CommandExecutor(store, counterDecider(limit), states, clock, observe, { ...EXECUTOR_LIMITS, ...limits }, turns);
}

export const COUNTER = 'counter-1';
export const metaOf = (over: Partial<CommandMeta> = {}): CommandMeta => ({ commandId: randomId(), keyed: true, actor: { issuer: 'i', subject: 's' }, bodyDigest: 'body', requestId: null, ...over });
export const asked = (command: CounterCommand, over: Partial<CommandMeta> = {}, precheck?: CommandRequest<CounterCommand, CounterState>['precheck']): CommandRequest<CounterCommand, CounterState> => ({
  stream: COUNTER, meta: metaOf(over), build: () => command, ...(precheck === undefined ? {} : { precheck }),
});
export const add = (n: number, over: Partial<CommandMeta> = {}): CommandRequest<CounterCommand, CounterState> => asked({ type: 'add', n }, over);
