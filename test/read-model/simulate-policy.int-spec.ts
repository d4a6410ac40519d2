import fc from 'fast-check';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { sameActor } from '#kernel/actor.js';
import { OperationProjection } from '#operations/adapters/projections/operation.projection.js';
import { operationsPart } from '#operations/adapters/projections/operation-tables.js';
import { SqlPastOperations } from '#operations/adapters/projections/sql-past-operations.js';
import { instant, play, steps } from '#operations/adapters/projections/testing/random-operations.js';
import type { PlayedOperation } from '#operations/adapters/projections/testing/random-operations.js';
import { SimulatePolicyHandler } from '#operations/application/simulate-policy/simulate-policy.handler.js';
import { SimulatePolicyQuery } from '#operations/application/simulate-policy/simulate-policy.query.js';
import { plane } from '#operations/application/testing/operations-bench.js';
import { Projector } from '#platform/read-model/projector.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import { optionsOf, treeOf } from '#policies/contract.js';
import type { Policy, PolicyNode, PolicyPrincipal } from '#policies/contract.js';
import { missingByTrying } from '#policies/domain/testing/oracle.js';

const fits = (node: PolicyNode, { roles, groups }: PolicyPrincipal): boolean =>
  node.type === 'approvers' ? roles.includes(node.role) && (node.group === null || groups.includes(node.group)) : 'of' in node && node.of.some((child) => fits(child, { issuer: '', subject: '', roles, groups }));

/** What the decisions of an operation come to under one policy for each of its keys, by trying everything. */
function outcome({ state: { decisions } }: PlayedOperation, policies: readonly Policy[]): readonly [string, number] {
  const by = (kind: string): readonly PolicyPrincipal[] => decisions.filter((d) => d.decision === kind).map((d) => d.by);
  const rejected = policies.some((policy) => by('reject').filter((who) => fits(treeOf(policy), who)).length >= optionsOf(policy).rejectionsToReject);
  const missing = Math.max(...policies.map((policy) => missingByTrying(treeOf(policy), by('approve').map((one) => [one]))));
  return [rejected ? 'rejected' : missing === 0 ? 'approved' : 'pending', missing];
}

const leaf = fc.record({ type: fc.constant('approvers' as const), count: fc.integer({ min: 1, max: 2 }), group: fc.constantFrom(null, 'red', 'blue'), role: fc.constantFrom('approver', 'administrator') });
const other: fc.Arbitrary<Policy> = fc.oneof(
  fc.constant<Policy>({ type: 'none' }),
  leaf,
  fc.record({ tree: fc.record({ type: fc.constantFrom('allOf' as const, 'anyOf' as const), of: fc.array(leaf, { minLength: 1, maxLength: 3 }) }), rejectionsToReject: fc.constantFrom(1, 2) }),
);

describe.each(TEST_DATABASES)('a policy that is simulated on %s', (kind) => {
  let model: TemporaryReadModel;
  beforeAll(async () => {
    model = await temporaryReadModel([operationsPart], kind);
  });
  afterAll(() => model.close());

  it('tells of the operations of a key, requested from and to a time, exactly those whose outcome would be another one', async () => {
    let told = 0;
    const when = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(steps(8, 120), other, fc.constantFrom(null, null, 'key0', 'key0', 'key1', 'nokey'), when, when, async (history, policy, keyId, begin, end) => {
        const store = new MemoryEventStore();
        const events = new SeededEvents(store);
        const { operations, seconds } = await play(history, events);
        const projector = new Projector(model.database, [new OperationProjection()]);
        await projector.clear();
        await projector.apply(await events.all(), await store.storeId());
        const [from = null, to = null] = [begin, end].map((part) => (part === null ? null : instant(Math.floor(part * (seconds + 2)))));
        const past = operations.filter(({ state: { request, grants } }) => request !== null && (from === null || request.requestedAt >= from) && (to === null || request.requestedAt < to) && (keyId === null || grants.some((g) => g.keyId === keyId)));
        const expected = past.toReversed().flatMap((operation) => {
          const { grants, decisions } = operation.state;
          expect(decisions.every((d, i) => decisions.findIndex((e) => sameActor(d.by, e.by)) === i)).toBe(true);
          const [was] = outcome(operation, grants.map((g) => g.policy));
          const [would, missing] = outcome(operation, grants.map((g) => (keyId === null || g.keyId === keyId ? policy : g.policy)));
          return was === would ? [] : [{ operationId: operation.operationId, was, would, missing }];
        });
        const found = await new SimulatePolicyHandler(new SqlPastOperations(model.database), plane()).execute(new SimulatePolicyQuery(policy, keyId, from, to));
        expect(found).toEqual({ items: expected, examined: past.length, truncated: false });
        told += expected.length;
      }),
      { numRuns: 150 },
    );
    expect(told).toBeGreaterThan(10);
  });
});
