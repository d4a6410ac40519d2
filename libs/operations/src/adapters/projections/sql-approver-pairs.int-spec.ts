import fc from 'fast-check';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { Projector } from '#platform/read-model/projector.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import type { Person } from '../../domain/operation/commands.js';
import { OperationProjection } from './operation.projection.js';
import { operationsPart } from './operation-tables.js';
import { SqlApproverPairs } from './sql-approver-pairs.js';
import { directories, instant, person, play, steps } from './testing/random-operations.js';
import type { PlayedOperation } from './testing/random-operations.js';

const MOST = 1_000;
const text = ({ issuer, subject }: Actor): string => `${subject} of ${issuer}`;
interface Approved {
  readonly requester: Actor;
  readonly approver: Actor;
  /** In whose name a deputy approved. */
  readonly principal: Actor | undefined;
  readonly at: string;
}
/** Every approval that stands, one by one. */
const approvalsIn = (operations: readonly PlayedOperation[]): readonly Approved[] =>
  operations.flatMap(({ state }) =>
    state.decisions.flatMap(({ decision, by, onBehalfOf, at }) => (decision === 'approve' && state.request !== null ? [{ requester: state.request.requestedBy, approver: by, principal: onBehalfOf?.principal, at }] : [])));

describe.each(TEST_DATABASES)('who approved for whom on %s', (kind) => {
  let model: TemporaryReadModel;
  beforeAll(async () => {
    model = await temporaryReadModel([operationsPart], kind);
  });
  afterAll(() => model.close());
  const projected = async (history: Parameters<typeof play>[0], directory = NOBODY_KNOWN): Promise<{ readonly approvals: readonly Approved[]; readonly seconds: number; readonly store: MemoryEventStore }> => {
    const store = new MemoryEventStore();
    const events = new SeededEvents(store);
    const { operations, seconds } = await play(history, events, directory);
    const projector = new Projector(model.database, [new OperationProjection()]);
    await projector.clear();
    await projector.apply(await events.all(), await store.storeId());
    return { approvals: approvalsIn(operations), seconds, store };
  };
  const over = (store: MemoryEventStore, caughtUp = true): SqlApproverPairs => new SqlApproverPairs(model.database, { waitFor: () => Promise.resolve(caughtUp) }, store);
  /** A time of the history, or none. */
  const when = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));

  it('is counted as the events tell it, from and to a time, the most frequent first', async () => {
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(steps(8, 120), when, when, fc.integer({ min: 1, max: 3 }), async (history, begin, end, limit) => {
        const { approvals, seconds, store } = await projected(history);
        const [from, to] = [begin, end].map((part) => (part === null ? null : instant(Math.floor(part * (seconds + 2))))) as [string | null, string | null];
        const counted = new Map<string, { approvals: number; lastAt: string }>();
        for (const { requester, approver, at } of approvals.filter((a) => (from === null || a.at >= from) && (to === null || a.at < to))) {
          const pair = `${text(requester)} by ${text(approver)}`;
          const { approvals: before = 0, lastAt = '' } = counted.get(pair) ?? {};
          counted.set(pair, { approvals: before + 1, lastAt: lastAt > at ? lastAt : at });
        }
        const found = await over(store).pairs(from, to, MOST);
        expect(new Map(found.map((p) => [`${text(p.requester)} by ${text(p.approver)}`, { approvals: p.approvals, lastAt: p.lastAt }]))).toEqual(counted);
        const order = found.map((p) => [p.approvals, p.lastAt] as const);
        expect(order).toEqual([...order].sort(([a, x], [b, y]) => b - a || (x < y ? 1 : x > y ? -1 : 0)));
        const first = await over(store).pairs(from, to, limit);
        expect(first.map((p) => [p.approvals, p.lastAt])).toEqual(order.slice(0, limit));
        pairs += found.length;
      }),
      { numRuns: 400 },
    );
    expect(pairs).toBeGreaterThan(20);
  });

  it('tells who approved for any of these accounts since, and in whose name', async () => {
    let [approvers, principals] = [0, 0];
    await fc.assert(
      fc.asyncProperty(steps(8, 120), fc.array(person, { minLength: 1, maxLength: 6 }), when, directories, async (history, requesters, begin, directory) => {
        const { approvals, seconds, store } = await projected(history, directory);
        const since = instant(Math.floor((begin ?? 0) * (seconds + 2)));
        const asked = approvals.filter((a) => a.at >= since && requesters.some((r) => sameActor(r, a.requester)));
        const expected = new Set(asked.flatMap((a) => [a.approver, ...(a.principal === undefined ? [] : [a.principal])].map((one) => `${text(a.requester)} by ${text(one)}`)));
        const found = await over(store).approversOf(requesters, since, { fresh: true });
        expect(new Set(found.map((one) => `${text(one.requester)} by ${text(one.approver)}`))).toEqual(expected);
        approvers += found.length;
        principals += approvals.filter((a) => a.principal !== undefined).length;
      }),
      { numRuns: 600 },
    );
    expect(approvers).toBeGreaterThan(20);
    expect(principals).toBeGreaterThan(5);
  });

  it('tells of a deputy whom he stood in for', async () => {
    const who = (subject: string): Person => ({ issuer: 'i', subject, roles: ['approver'], groups: [], name: null, claims: {} });
    const [asks, deputy, principal] = [who('s'), who('t'), who('p')];
    const directory: Directory = {
      ...NOBODY_KNOWN,
      seen: (one) => (sameActor(one, principal) ? { at: instant(0), roles: ['approver'], groups: ['red'] } : undefined),
      principalsOf: (one) => (sameActor(one, deputy) ? [{ deputyId: 'd', principal: { issuer: 'i', subject: 'p' }, groups: ['red'] }] : []),
    };
    const step = { operation: 0, policies: [{ type: 'approvers', count: 1, group: 'red', role: 'approver' }], validSeconds: 60, pauseSeconds: 0 } as const;
    const { store } = await projected([{ ...step, by: asks, act: 'request' }, { ...step, by: deputy, act: 'approve' }], directory);
    const found = await over(store).approversOf([asks], instant(0), { fresh: true });
    expect(found.map((one) => one.approver.subject).sort()).toEqual(['p', 't']);
  });

  it('is found among more accounts than a database takes at once', async () => {
    const by = (subject: string) => ({ issuer: 'i', subject, roles: ['approver'], groups: [], name: null, claims: {} });
    const step = { operation: 0, policies: [{ type: 'approvers', count: 1, group: null, role: 'approver' }], validSeconds: 60, pauseSeconds: 0 } as const;
    const { store } = await projected([{ ...step, by: by('s'), act: 'request' }, { ...step, by: by('t'), act: 'approve' }]);
    const asked = [...Array.from({ length: 2_500 }, (_, i) => by(`bot-${i}`)), by('s')];
    expect(await over(store).approversOf(asked, instant(0), { fresh: true })).toEqual([{ requester: { issuer: 'i', subject: 's' }, approver: { issuer: 'i', subject: 't' } }]);
  });

  it('rule 13: a decision does not go by rows that lag behind', async () => {
    const { store } = await projected([{ operation: 0, by: { issuer: 'i', subject: 's', roles: [], groups: [], name: null, claims: {} }, act: 'request', policies: [{ type: 'none' }], validSeconds: 60, pauseSeconds: 0 }]);
    const asked = [{ issuer: 'i', subject: 's' }];
    await expect(over(store, false).approversOf(asked, instant(0), { fresh: true })).rejects.toThrow(StoreUnavailableError);
    expect(await over(store, false).approversOf(asked, instant(0), { fresh: false })).toEqual([]);
    expect(await over(new MemoryEventStore(), false).approversOf(asked, instant(0), { fresh: true })).toEqual([]);
  });
});
