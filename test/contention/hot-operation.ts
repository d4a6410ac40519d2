import { NOBODY_KNOWN } from '#identity/contract.js';
import { randomUUID } from 'node:crypto';
import { CommandExecutor } from '#eventing/command-executor.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { FollowingAwaiter } from '#eventing/following-awaiter.js';
import { pause } from '#eventing/pause.js';
import { StreamStates } from '#eventing/stream-states.js';
import { StreamTurns } from '#eventing/stream-turns.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { OPERATION_PREFIX, operationDecider, operationKind, operationStream } from '#operations/contract.js';
import type { OperationExecutor, Settlement } from '#operations/contract.js';
import { settleBy } from '#signing/application/settle-uses/settle-uses.process.js';

const ORDERER = { issuer: 'https://idp.example', subject: 'orderer' };
const SETTLE_EVERY_MS = 200;
const ANY_USES = 10_000_000;

export interface HotOperationLoad {
  /** One for each api process: its own connection. */
  readonly apis: readonly EventStore[];
  /** The worker's. */
  readonly worker: EventStore;
  /** Of each api process; each waits for its order's end before it gives the next. */
  readonly clients: number;
  readonly ms: number;
  /** How long an order is in the signer. */
  readonly signMs: number;
  /** Keyed orders look for an earlier answer in their own streams. */
  readonly keyed?: boolean;
  readonly random?: () => number;
  readonly turns?: () => StreamTurns;
  /** Caches that follow the store by a subscription, as those of api processes do. */
  readonly following?: boolean;
}

export interface HotOperationFigures {
  readonly accepted: number;
  readonly perSecond: number;
  /** Of each api process: nobody starves. */
  readonly perApi: readonly number[];
  readonly appends: number;
  readonly conflicts: number;
  /** From the order to its reservation, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly mostOpen: number;
  /** Longest time that booking one batch of ends took, ms, and how often it failed. */
  readonly longestSettling: number;
  readonly settlingsFailed: number;
  /** By code, or name of error. */
  readonly refused: Readonly<Record<string, number>>;
}

const meta = (keyed: boolean): CommandMeta => ({ commandId: randomUUID(), keyed, actor: ORDERER, bodyDigest: null, requestId: null });

/** Orders on one operation from several api processes at once, whose ends one worker books: who gets his turn, and how soon. */
export async function runHotOperation(load: HotOperationLoad): Promise<HotOperationFigures> {
  const { apis, worker, clients, ms, signMs, keyed = false, random = Math.random, turns = () => new StreamTurns(undefined, random) } = load;
  const stopping = new AbortController();
  const operationId = randomUUID();
  const stream = operationStream(operationId);
  let [appends, conflicts, mostOpen, longestSettling, settlingsFailed] = [0, 0, 0, 0, 0];
  const clock = new TrustedClock({ wall: () => Date.now(), monotonic: () => performance.now() });
  const process = (store: EventStore): OperationExecutor => {
    const observe = { conflict: () => (conflicts += 1), appended: () => (appends += 1) };
    return new CommandExecutor(store, operationDecider, new StreamStates(store, operationKind, { capacity: 100 }), clock, observe, undefined, turns());
  };
  const executors = apis.map(process);
  const followers = await Promise.all((load.following === true ? apis : []).map(async (store, i) => {
    const awaiter = new FollowingAwaiter({ store, prefixes: [OPERATION_PREFIX] });
    awaiter.onEvent((event) => executors[i]?.states.offer(event));
    await awaiter.start(stopping.signal);
    return awaiter;
  }));
  await request(executors[0] ?? process(worker), operationId);

  const begun = performance.now();
  const latencies: number[] = [];
  const perApi = apis.map(() => 0);
  const refused: Record<string, number> = {};
  const accepted = new Set<string>();
  let ended: Settlement[] = [];
  const client = async (executor: OperationExecutor, api: number): Promise<void> => {
    while (performance.now() - begun < ms) {
      const signOrderId = randomUUID();
      const since = performance.now();
      try {
        const precheck = keyed ? { precheck: async (): Promise<'new' | 'answered'> => ((await (apis[api] ?? worker).readStream(`signOrder-${signOrderId}`, { limit: 1 })).length > 0 ? 'answered' : 'new') } : {};
        const { folded } = await executor.execute({
          stream, meta: meta(keyed), ...precheck,
          build: (now) => ({ type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order: { signOrderId, requestedAt: now.closing, keyId: 'k', count: 1, input: { digests: ['d'] }, format: 'der', bodyDigest: 'b' }, digests: ['d'], keyEnabled: true, lacking: null, unavailable: null, now }),
        });
        latencies.push(performance.now() - since);
        accepted.add(signOrderId);
        perApi[api] = (perApi[api] ?? 0) + 1;
        mostOpen = Math.max(mostOpen, folded.state.open.size);
        await pause(signMs);
        ended.push({ signOrderId, spent: 1, returned: 0, cause: randomUUID() });
      } catch (error) {
        const name = error instanceof DomainError ? error.code : error instanceof Error ? error.name : String(error);
        refused[name] = (refused[name] ?? 0) + 1;
        await pause(100);
      }
    }
  };
  const done = new AbortController();
  const settle = settleBy(process(worker));
  const settling = (async (): Promise<void> => {
    while (!done.signal.aborted || ended.length > 0) {
      await pause(SETTLE_EVERY_MS, done.signal);
      const outcomes = ended;
      ended = [];
      const since = performance.now();
      try {
        if (outcomes.length > 0) await settle(operationId, outcomes);
      } catch {
        settlingsFailed += 1;
        ended = [...outcomes, ...ended];
      }
      longestSettling = Math.max(longestSettling, performance.now() - since);
    }
  })();
  await Promise.all(executors.flatMap((executor, api) => Array.from({ length: clients }, () => client(executor, api))));
  const took = performance.now() - begun;
  done.abort();
  await settling;
  stopping.abort();
  await Promise.all(followers.map((f) => f.done()));
  const { state } = await process(worker).states.refresh(stream);
  const [grant] = state.grants;
  if (grant?.reserved !== 0 || grant.spent !== accepted.size) throw new Error(`${accepted.size} orders were accepted, ${grant?.spent} booked, ${grant?.reserved} are open`);
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  return {
    accepted: accepted.size, perSecond: Math.round((accepted.size * 1000) / took), perApi, appends, conflicts, p50: quantile(0.5), p99: quantile(0.99), longest: sorted.at(-1) ?? 0,
    mostOpen, longestSettling, settlingsFailed, refused,
  };
}

async function request(executor: OperationExecutor, operationId: string): Promise<void> {
  await executor.execute({
    stream: operationStream(operationId),
    meta: { ...meta(false), actor: systemActor('load') },
    build: (now) => ({
      type: 'request', directory: NOBODY_KNOWN,
      now,
      request: {
        operationId, requestDigest: 'd', requestedBy: ORDERER, requestedAt: now.closing, notBefore: now.closing, expiresAt: new Date(Date.now() + 86_400_000).toISOString(), description: 'x', approverContext: null, binding: null,
        keyUsages: [{ keyId: 'k', algorithm: 'ES256', publicKeySha256: 's', maxUsageCount: ANY_USES, policy: { type: 'none' } }], personal: { name: null, claims: {}, statement: '{}' },
      },
    }),
  });
}
