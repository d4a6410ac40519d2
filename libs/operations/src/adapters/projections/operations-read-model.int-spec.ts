import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { NO_PAIRS, plane } from '../../application/testing/operations-bench.js';
import fc from 'fast-check';
import type { Page } from '#eventing/page.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Principal } from '#identity/contract.js';
import { Projector } from '#platform/read-model/projector.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { ApprovalQueueHandler } from '../../application/approval-queue/approval-queue.handler.js';
import { ApprovalQueueQuery } from '../../application/approval-queue/approval-queue.query.js';
import { ListOperationsHandler } from '../../application/list-operations/list-operations.handler.js';
import { ListOperationsQuery } from '../../application/list-operations/list-operations.query.js';
import type { OperationFilter } from '../../application/list-operations/list-operations.query.js';
import type { OperationView, OperationViewState } from '../../application/operation-view.js';
import { viewOperation } from '../../application/view-operation.js';
import { mayDecideNow } from '../../domain/operation/decision.js';
import { statusAt } from '../../domain/operation/status.js';
import { OperationProjection } from './operation.projection.js';
import { operationsPart } from './operation-tables.js';
import { SqlOperationList } from './sql-operation-list.js';
import { SqlPendingOperations } from './sql-pending-operations.js';
import { directories, instant, person, play, steps, SUBJECTS } from './testing/random-operations.js';
import type { PlayedOperation } from './testing/random-operations.js';

const clockAt = (now: Instant): TrustedClock => ({ now: () => ({ closing: now, opening: now }) }) as TrustedClock;
const everything: OperationFilter = { state: null, keyId: null, requestedByMe: false, decidedByMe: false };

/** All pages of a list, of this size. */
async function pages(limit: number, page: (cursor: string | null) => Promise<Page<OperationView>>): Promise<readonly OperationView[]> {
  const items: OperationView[] = [];
  for (let cursor: string | null = null; ; ) {
    const { items: more, nextCursor }: Page<OperationView> = await page(cursor);
    expect(more.length).toBeLessThanOrEqual(limit);
    items.push(...more);
    if (nextCursor === undefined) return items;
    expect(more).toHaveLength(limit);
    cursor = nextCursor;
  }
}

describe.each(TEST_DATABASES)('operations in the read model on %s', (kind) => {
  let model: TemporaryReadModel;
  beforeAll(async () => {
    model = await temporaryReadModel([operationsPart], kind);
  });
  afterAll(() => model.close());

  const queue = (caller: Principal, now: Instant, limit: number, directory = NOBODY_KNOWN): Promise<readonly OperationView[]> => {
    const handler = new ApprovalQueueHandler(new SqlPendingOperations(model.database), plane({ directory }), NO_PAIRS, clockAt(now));
    return pages(limit, (cursor) => handler.execute(new ApprovalQueueQuery(caller, { limit, cursor })));
  };
  const list = (caller: Principal, now: Instant, filter: Partial<OperationFilter>, limit = 200): Promise<readonly OperationView[]> => {
    const handler = new ListOperationsHandler(new SqlOperationList(model.database), plane(), clockAt(now));
    return pages(limit, (cursor) => handler.execute(new ListOperationsQuery(caller, { ...everything, ...filter }, { limit, cursor })));
  };
  /** Projects a random history in batches of this size; each batch is delivered twice. */
  const projected = async (history: Parameters<typeof play>[0], batch: number, directory = NOBODY_KNOWN): Promise<Awaited<ReturnType<typeof play>>> => {
    const store = new MemoryEventStore();
    const events = new SeededEvents(store);
    const played = await play(history, events, directory);
    const projector = new Projector(model.database, [new OperationProjection()]);
    await projector.clear();
    const all = await events.all();
    for (let i = 0; i < all.length; i += batch) for (const _ of [1, 2]) await projector.apply(all.slice(i, i + batch), await store.storeId());
    return played;
  };
  const viewed = (operations: readonly PlayedOperation[], now: Instant, directory = NOBODY_KNOWN): readonly (OperationView | undefined)[] => operations.map((o) => viewOperation(o.state, o.revision, now, directory));

  it('shows in the queue exactly what a decision would be accepted for, oldest expiry first', async () => {
    await fc.assert(
      fc.asyncProperty(steps(8, 120), fc.array(person, { minLength: 3, maxLength: 5 }), fc.nat({ max: 20 }), fc.integer({ min: 1, max: 3 }), fc.subarray(SUBJECTS), directories, fc.option(directories), async (history, callers, later, limit, suspended, then, since) => {
        const { operations, seconds } = await projected(history, 7, then);
        const now = instant(seconds + 1 + later);
        // Approvals of who was suspended since do not count: what is approved by them awaits others.
        const told = since ?? then;
        const people: Directory = { ...told, isSuspended: (one) => told.accountsOf(one).some(({ subject }) => suspended.includes(subject)) };
        for (const who of callers as readonly Principal[]) {
          // Whoever calls is seen.
          const directory: Directory = { ...people, seen: (one, at) => (sameActor(one, who) ? { at: now, roles: who.roles, groups: who.groups } : people.seen(one, at)) };
          const decidable = operations.filter((o) => mayDecideNow(o.state, who, now, directory));
          const expected = [...decidable].sort((a, b) => ((a.state.request?.expiresAt ?? '') < (b.state.request?.expiresAt ?? '') ? -1 : a.state.request?.expiresAt === b.state.request?.expiresAt ? 0 : 1));
          expect(await queue(who, now, limit, directory)).toEqual(viewed(expected, now, directory));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('lists by every filter what the events say, newest first', async () => {
    const states: readonly (OperationViewState | null)[] = [null, 'pending', 'approved', 'rejected', 'revoked', 'expired', 'exhausted'];
    const filter = fc.record({ state: fc.constantFrom(...states), keyId: fc.constantFrom(null, 'key0', 'key2', 'nokey'), requestedByMe: fc.boolean(), decidedByMe: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(steps(8, 120), person, fc.array(filter, { minLength: 5, maxLength: 10 }), fc.nat({ max: 20 }), fc.integer({ min: 1, max: 3 }), async (history, who, filters, later, limit) => {
        const { operations, seconds } = await projected(history, 7);
        const now = instant(seconds + later);
        const seesOwnOnly = who.roles.every((role) => role === 'orderer');
        for (const f of filters) {
          const expected = operations.filter(
            ({ state }) =>
              (f.state === null || statusAt(state, now) === f.state) &&
              (f.keyId === null || state.grants.some((g) => g.keyId === f.keyId)) &&
              (!(f.requestedByMe || seesOwnOnly) || (state.request !== null && sameActor(state.request.requestedBy, who))) &&
              (!f.decidedByMe || state.decisions.some((d) => sameActor(d.by, who))),
          );
          expect(await list(who as Principal, now, f, limit)).toEqual(viewed([...expected].reverse(), now));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('goes on from its rows after a restart as if nothing had happened', async () => {
    await fc.assert(
      fc.asyncProperty(steps(5, 50), fc.integer({ min: 1, max: 9 }), async (history, batch) => {
        await projected(history, 1_000);
        const inOne = await model.dump();
        const store = new MemoryEventStore();
        const events = new SeededEvents(store);
        await play(history, events);
        await new Projector(model.database, [new OperationProjection()]).clear();
        const all = await events.all();
        for (let i = 0; i < all.length; i += batch) await new Projector(model.database, [new OperationProjection()]).apply(all.slice(i, i + batch), await store.storeId());
        expect({ ...(await model.dump()), projection_checkpoint: [] }).toEqual({ ...inOne, projection_checkpoint: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('pages are stable while operations are added', async () => {
    const admin: Principal = { issuer: 'i', subject: 'admin', name: null, claims: {}, roles: ['administrator'], groups: [] };
    const requests = (from: number, count: number): Parameters<typeof play>[0] =>
      Array.from({ length: count }, (_, i) => ({ operation: from + i, by: { ...admin, subject: 'orderer' }, act: 'request', policies: [{ type: 'approvers', count: 1, group: null, role: 'administrator' }], validSeconds: 600, pauseSeconds: 0 }));
    const store = new MemoryEventStore();
    const events = new SeededEvents(store);
    const projector = new Projector(model.database, [new OperationProjection()]);
    await projector.clear();
    let next = 0;
    const grow = async (count: number): Promise<void> => {
      await play(requests(next, count), events);
      next += count;
      await projector.apply(await events.all(), await store.storeId());
    };
    await grow(10);
    const handler = new ListOperationsHandler(new SqlOperationList(model.database), plane(), clockAt(instant(1)));
    const queueHandler = new ApprovalQueueHandler(new SqlPendingOperations(model.database), plane(), NO_PAIRS, clockAt(instant(1)));
    const listed = await pages(3, async (cursor) => {
      const page = await handler.execute(new ListOperationsQuery(admin, everything, { limit: 3, cursor }));
      await grow(2);
      return page;
    });
    expect(listed.map((o) => o.operationId)).toEqual(['op9', 'op8', 'op7', 'op6', 'op5', 'op4', 'op3', 'op2', 'op1', 'op0']);
    const queued = await pages(4, async (cursor) => queueHandler.execute(new ApprovalQueueQuery(admin, { limit: 4, cursor })));
    expect(new Set(queued.map((o) => o.operationId)).size).toBe(next);
  });

  it.each(['x', Buffer.from('["queue","1","2"]').toString('base64url')])('refuses the cursor %s', async (cursor) => {
    const caller: Principal = { issuer: 'i', subject: 's', name: null, claims: {}, roles: ['administrator'], groups: [] };
    const refused = expect.objectContaining({ code: 'VALIDATION_FAILED' });
    await expect(new ListOperationsHandler(new SqlOperationList(model.database), plane(), clockAt(instant(0))).execute(new ListOperationsQuery(caller, everything, { limit: 1, cursor }))).rejects.toEqual(refused);
    await expect(new ApprovalQueueHandler(new SqlPendingOperations(model.database), plane(), NO_PAIRS, clockAt(instant(0))).execute(new ApprovalQueueQuery(caller, { limit: 1, cursor }))).rejects.toEqual(refused);
  });
});
