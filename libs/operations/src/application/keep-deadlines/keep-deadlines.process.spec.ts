import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LeaseLostError } from '#eventing/lease.port.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Policy, PolicyDocument } from '#policies/contract.js';
import type { OperationRequest } from '../request-operation/request-operation.command.js';
import { RequestOperationCommand } from '../request-operation/request-operation.command.js';
import { RequestOperationHandler } from '../request-operation/request-operation.handler.js';
import { Bench, metaOf, NOON, ORDERER, plane, principal, requestOf, TWO_OF_FW } from '../testing/operations-bench.js';
import { personOf } from '../person.js';
import type { Deadline, DeadlineTimers } from '../ports/deadline-timers.port.js';
import { operationStream } from '../../streams.js';
import { KeepDeadlines, REVIEW_OVERDUE } from './keep-deadlines.process.js';

const MINUTE = 60_000;
const ADMIN = { type: 'approvers', count: 1, group: null, role: 'administrator' } as const;
const REMINDING: PolicyDocument = { tree: TWO_OF_FW, remindAfterMs: 10 * MINUTE, escalateAfterMs: 20 * MINUTE, escalateTo: ADMIN };
const EMERGENCY: PolicyDocument = { tree: TWO_OF_FW, emergency: { tree: { type: 'none' }, reviewWithinMs: 30 * MINUTE, reviewers: ADMIN } };
type Timer = Deadline & { readonly dueAt: string };
const minute = (n: number): string => new Date(NOON + n * MINUTE).toISOString();

class FakeTimers implements DeadlineTimers {
  readonly kept = new Map<string, Timer>();
  upTo: RecordedEvent | undefined;
  readonly limits: number[] = [];
  apply({ set, upTo }: Parameters<DeadlineTimers['apply']>[0]): Promise<void> {
    for (const { operationId, kind, dueAt } of set) this.kept.set(`${kind} ${operationId}`, { operationId, kind, dueAt });
    this.upTo = upTo;
    return Promise.resolve();
  }
  due(before: string, limit: number): Promise<readonly Timer[]> {
    this.limits.push(limit);
    return Promise.resolve([...this.kept.values()].filter(({ dueAt }) => dueAt <= before).sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1)).slice(0, limit));
  }
  done({ operationId, kind, dueAt }: Timer): Promise<void> {
    if (this.kept.get(`${kind} ${operationId}`)?.dueAt === dueAt) this.kept.delete(`${kind} ${operationId}`);
    return Promise.resolve();
  }
  get all(): readonly (readonly [string, string])[] {
    return [...this.kept.values()].map(({ kind, dueAt }) => [kind, dueAt]);
  }
}

describe('keeping deadlines', () => {
  let bench: Bench;
  let timers: FakeTimers;
  let kept: KeepDeadlines;
  let disabled: (readonly [string, string, string])[];
  let failing: (keyId: string) => Error | undefined;
  beforeEach(() => {
    bench = new Bench();
    timers = new FakeTimers();
    disabled = [];
    failing = () => undefined;
    kept = new KeepDeadlines(bench.operations, timers, bench.clock, (keyId, reason, commandId) => {
      const failure = failing(keyId);
      if (failure !== undefined) return Promise.reject(failure);
      disabled.push([keyId, reason, commandId]);
      return Promise.resolve();
    });
  });
  const request = async (policy: Policy, over: Partial<OperationRequest> = {}): Promise<string> => {
    const keyUsages = over.keyUsages ?? [{ keyId: 'fw-prod', maxUsageCount: 3 }];
    for (const { keyId } of keyUsages) bench.keys.set(keyId, { approvalPolicy: policy });
    return (await new RequestOperationHandler(bench.operations, bench.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf({ ...over, keyUsages })))).operationId;
  };
  const emergency = async (...keyIds: readonly string[]): Promise<string> => request(EMERGENCY, { emergency: { reason: 'fire' }, keyUsages: keyIds.map((keyId) => ({ keyId, maxUsageCount: 3 })) });
  const use = async (operationId: string, keyId: string, signOrderId: string): Promise<void> => {
    const order = { signOrderId, requestedAt: 't', keyId, count: 1, input: { digests: ['d'] }, format: 'der', bodyDigest: 'b' } as const;
    await bench.operations.execute({ stream: operationStream(operationId), meta: metaOf(ORDERER, 's'), build: (now) => ({ type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order, digests: ['d'], keyEnabled: true, lacking: null, unavailable: null, now }) });
  };
  const review = async (operationId: string): Promise<void> => {
    const by = personOf(principal('admin1', { roles: ['administrator'], groups: [] }));
    await bench.operations.execute({ stream: operationStream(operationId), meta: metaOf(ORDERER, 'v'), build: (now) => ({ type: 'review', by, verdict: 'justified', comment: 'c', directory: NOBODY_KNOWN, now }) });
  };
  const follow = async (): Promise<void> => kept.handle(await bench.store.readAll({ limit: 500, ...(timers.upTo === undefined ? {} : { from: timers.upTo.position }) }));
  const at = (n: number): Promise<void> => ((bench.wall = NOON + n * MINUTE), kept.sweep());
  const told = async (operationId: string): Promise<readonly string[]> => (await bench.events(operationId)).map((e) => e.type.replace('operations.', '').replace('.v1', ''));

  it('sets timers for what a request and a use make due, with its place in the log', async () => {
    await request(REMINDING);
    const id = await emergency('a');
    await use(id, 'a', 'o');
    await follow();
    expect(timers.all).toEqual([['reminder', minute(10)], ['escalation', minute(20)], ['review', minute(30)]]);
    expect(timers.upTo?.type).toBe('operations.review-opened.v1');
    await kept.handle([]);
    expect(timers.upTo?.type).toBe('operations.review-opened.v1');
  });

  it('reminds and escalates at its time, once', async () => {
    const id = await request(REMINDING);
    await follow();
    await at(9);
    expect(await told(id)).toEqual(['requested']);
    for (const n of [10, 10, 20, 21]) await at(n);
    expect(await told(id)).toEqual(['requested', 'reminder-due', 'escalated']);
    expect(timers.all).toEqual([]);
  });

  it('disables the keys of an emergency that nobody reviewed in time, and none of one that was', async () => {
    const [late, reviewed] = [await emergency('a', 'b'), await emergency('c')];
    await use(late, 'a', 'o1');
    await use(reviewed, 'c', 'o2');
    await follow();
    await review(reviewed);
    await at(29);
    expect(disabled).toEqual([]);
    await at(30);
    expect(disabled).toEqual([['a', REVIEW_OVERDUE, expect.any(String)], ['b', REVIEW_OVERDUE, expect.any(String)]]);
    expect([(await told(late)).at(-1), (await told(reviewed)).at(-1)]).toEqual(['review-overdue', 'review-closed']);
    expect(timers.all).toEqual([]);
  });

  it('a timer that fails stops no other, keeps its place, and is tried again', async () => {
    const [bad, good] = [await emergency('bad', 'beside'), await emergency('good')];
    await use(bad, 'bad', 'o1');
    bench.wall += 1;
    await use(good, 'good', 'o2');
    await follow();
    failing = (keyId) => (keyId === 'bad' ? new Error('no such stream') : undefined);
    await expect(at(31)).rejects.toThrow('no such stream');
    expect(disabled.map(([keyId]) => keyId)).toEqual(['beside', 'good']);
    expect(timers.all).toEqual([['review', minute(30)]]);
    failing = () => undefined;
    await at(32);
    expect(disabled.map(([keyId]) => keyId)).toEqual(['beside', 'good', 'bad', 'beside']);
    // The same command: a key that is disabled already is so.
    expect(disabled[3]?.[2]).toBe(disabled[0]?.[2]);
    expect((await told(bad)).filter((type) => type === 'review-overdue')).toHaveLength(1);
    expect(timers.all).toEqual([]);
  });

  it('as many as fail are asked for beside a page of others, and all that failed is told', async () => {
    for (const keyId of ['a', 'b']) await use(await emergency(keyId), keyId, `o ${keyId}`);
    await follow();
    failing = (keyId) => new Error(keyId);
    await expect(at(31)).rejects.toMatchObject({ errors: [new Error('a'), new Error('b')] });
    await expect(at(32)).rejects.toThrow(AggregateError);
    expect(timers.limits).toEqual([200, 202]);
  });

  it('who lost the lease stops at once: another does the rest', async () => {
    for (const keyId of ['a', 'b']) await use(await emergency(keyId), keyId, `o ${keyId}`);
    await follow();
    timers.done = () => Promise.reject(new LeaseLostError('keep-deadlines'));
    await expect(at(31)).rejects.toThrow(LeaseLostError);
    expect(disabled.map(([keyId]) => keyId)).toEqual(['a']);
  });

  it('a store that is away is not asked for each of them', async () => {
    const ids = [];
    for (const keyId of ['a', 'b', 'c', 'd', 'e']) {
      ids.push(await emergency(keyId));
      await use(ids.at(-1) ?? '', keyId, `o ${keyId}`);
    }
    await follow();
    const asked: string[] = [];
    failing = (keyId) => (asked.push(keyId), new StoreUnavailableError('away'));
    await expect(at(31)).rejects.toThrow(AggregateError);
    expect(asked).toEqual(['a', 'b', 'c']);
    failing = (keyId) => (asked.push(keyId), keyId === 'a' ? new StoreUnavailableError('busy') : undefined);
    await expect(at(31)).rejects.toThrow('busy');
    expect(disabled.map(([keyId]) => keyId)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('rule 14: nothing is due by a clock that jumped, and what is not due any more keeps its timer', async () => {
    const id = await request(REMINDING);
    await follow();
    const due = timers.due.bind(timers);
    bench.clock.observe(minute(60), 1_000n);
    await kept.sweep();
    expect(timers.limits).toEqual([]);
    bench.clock.confirm(minute(0), 2_000n);
    timers.due = (...asked) => due(minute(15), asked[1]);
    await kept.sweep();
    expect(await told(id)).toEqual(['requested']);
    expect(timers.all).toContainEqual(['reminder', minute(10)]);
  });
});
