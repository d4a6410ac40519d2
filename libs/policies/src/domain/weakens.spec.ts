import fc from 'fast-check';
import { weightsOf } from './policy-node.js';
import type { PolicyNode } from './policy-node.js';
import type { GivenOptions } from './policy-options.js';
import type { Policy } from './policy.js';
import { byHuman, missingByTrying } from './testing/oracle.js';
import { GROUPS, people, ROLES, trees } from './testing/random-policies.js';
import { weakens, weakensAny } from './weakens.js';

const of = (group: string | null, count = 1): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });

type Change = (node: PolicyNode) => PolicyNode;
const sumOf = (node: PolicyNode): number => (node.type === 'threshold' ? weightsOf(node).reduce((a, b) => a + b, 0) : 0);
/** Makes a node stricter, or leaves it. */
const stricter: readonly Change[] = [
  (n) => (n.type === 'approvers' ? { ...n, count: n.count + 1 } : n),
  (n) => (n.type === 'approvers' && n.group === null ? { ...n, group: 'fw' } : n),
  (n) => (n.type === 'threshold' && n.k < sumOf(n) ? { ...n, k: n.k + 1 } : n),
  (n) => (n.type === 'anyOf' && n.of.length > 1 ? { ...n, of: n.of.slice(1) } : n),
  (n) => (n.type === 'allOf' || n.type === 'sequence' ? { ...n, of: [of('qa'), ...n.of] } : n),
  (n) => (n.type === 'none' ? of('hw') : n),
  (n) => ({ type: 'allOf', of: [of('hw'), n] }),
  (n) => (n.type === 'allOf' ? { ...n, type: 'sequence' } : n),
  (n) => (n.type === 'anyOf' ? { type: 'threshold', k: 1, of: n.of, weights: null } : n),
];
/** Makes something else of it. */
const other: readonly Change[] = [
  (n) => (n.type === 'approvers' && n.count > 1 ? { ...n, count: n.count - 1 } : n),
  (n) => (n.type === 'approvers' ? { ...n, group: null } : n),
  (n) => (n.type === 'approvers' ? { ...n, role: n.role === ROLES[0] ? ROLES[1] : ROLES[0] } : n),
  (n) => (n.type === 'threshold' && n.k > 1 ? { ...n, k: n.k - 1 } : n),
  (n) => (n.type === 'threshold' ? { ...n, weights: [...weightsOf(n)].reverse() } : n),
  (n) => (n.type === 'anyOf' ? { ...n, of: [...n.of, of('qa')] } : n),
  (n) => ('of' in n && n.of.length > 1 && n.type !== 'threshold' ? { ...n, of: n.of.slice(1) } : n),
  (n) => ('of' in n && n.type !== 'threshold' ? { ...n, of: [...n.of].reverse() } : n),
  (n) => (n.type === 'allOf' || n.type === 'sequence' ? { ...n, type: 'anyOf' } : n),
  (n) => ({ type: 'anyOf', of: [of('hw'), n] }),
];
/** Changes the node at a place that `path` chooses. */
function changed(node: PolicyNode, path: readonly number[], change: Change): PolicyNode {
  const [step, ...rest] = path;
  if (step === undefined || !('of' in node) || node.of.length === 0) return change(node);
  const at = step % node.of.length;
  return { ...node, of: node.of.map((child, i) => (i === at ? changed(child, rest, change) : child)) };
}
const changes = (of_: readonly Change[]): fc.Arbitrary<Change> =>
  fc.array(fc.tuple(fc.constantFrom(...of_), fc.array(fc.nat(7), { maxLength: 3 })), { minLength: 1, maxLength: 3 }).map((all) => (node) => all.reduce((n, [change, path]) => changed(n, path, change), node));

describe('a change of a tree', () => {
  let strong = 0;
  it('that is said to weaken nothing lets no set of people through that was not enough before', () => {
    const pair = trees(4).chain((tree) => fc.tuple(fc.constant(tree), fc.oneof({ weight: 4, arbitrary: changes([...stricter, ...other]).map((c) => c(tree)) }, { weight: 1, arbitrary: trees(4) })));
    fc.assert(fc.property(pair, people(), ([before, after], listed) => {
      if (weakens(before, after)) return;
      strong += 1;
      const humans = byHuman(listed);
      for (let set = 0; set < 1 << humans.length; set++) {
        const some = humans.filter((_, i) => (set >> i) & 1);
        if (missingByTrying(after, some) === 0) expect(missingByTrying(before, some)).toBe(0);
      }
    }), { numRuns: 1_200 });
    expect(strong).toBeGreaterThan(200);
  });
  it('into itself weakens nothing', () => {
    fc.assert(fc.property(trees(4), (tree) => expect(weakens(tree, tree)).toBe(false)), { numRuns: 500 });
  });
  it('into something stricter weakens nothing', () => {
    fc.assert(fc.property(trees(3), fc.constantFrom(...stricter), fc.array(fc.nat(7), { maxLength: 3 }), (tree, change, path) => expect(weakens(tree, changed(tree, path, change))).toBe(false)), { numRuns: 500 });
  });

  it.each<[string, PolicyNode, PolicyNode, boolean]>([
    ['one more of the group', of('fw'), of('fw', 2), false],
    ['one less', of('fw', 2), of('fw'), true],
    ['to nobody', of('fw'), { type: 'none' }, true],
    ['from nobody', { type: 'none' }, of('fw'), false],
    ['to any group', of('fw'), of(null), true],
    ['to one group', of(null), of('fw'), false],
    ['another group', of('fw'), of('qa'), true],
    ['another role', of('fw'), { type: 'approvers', count: 1, group: 'fw', role: 'administrator' }, true],
    ['two as one and one', of('fw', 2), { type: 'allOf', of: [of('fw'), of('fw')] }, true],
    ['one and one as two', { type: 'allOf', of: [of('fw'), of('fw')] }, of('fw', 2), false],
    ['one and one as one', { type: 'allOf', of: [of('fw'), of('fw')] }, of('fw'), true],
    ['one of a group and one of any as two of the group', { type: 'allOf', of: [of('fw'), of(null)] }, of('fw', 2), false],
    ['all to a sequence', { type: 'allOf', of: [of('fw'), of('qa')] }, { type: 'sequence', of: [of('qa'), of('fw')] }, false],
    ['a sequence to all', { type: 'sequence', of: [of('fw'), of('qa')] }, { type: 'allOf', of: [of('fw'), of('qa')] }, true],
    ['a sequence in another order', { type: 'sequence', of: [of('fw'), of('qa')] }, { type: 'sequence', of: [of('qa'), of('fw')] }, true],
    ['a sequence with a step more', { type: 'sequence', of: [of('fw'), of('qa')] }, { type: 'sequence', of: [of('hw'), of('fw'), of('qa', 2)] }, false],
    ['AND to OR', { type: 'allOf', of: [of('fw'), of('qa')] }, { type: 'anyOf', of: [of('fw'), of('qa')] }, true],
    ['a branch more', { type: 'anyOf', of: [of('fw')] }, { type: 'anyOf', of: [of('fw'), of('qa')] }, true],
    ['a branch less', { type: 'anyOf', of: [of('fw'), of('qa')] }, of('qa'), false],
    ['more weight to one', { type: 'threshold', k: 3, of: [of('fw'), of('qa'), of('hw')], weights: null }, { type: 'threshold', k: 3, of: [of('fw'), of('qa'), of('hw')], weights: [2, 1, 1] }, true],
    ['less weight to one', { type: 'threshold', k: 2, of: [of('fw'), of('qa'), of('hw')], weights: [2, 1, 1] }, { type: 'threshold', k: 2, of: [of('fw'), of('qa'), of('hw')], weights: null }, false],
    ['another member of a threshold', { type: 'threshold', k: 2, of: [of('fw'), of('qa')], weights: null }, { type: 'threshold', k: 2, of: [of('fw'), of('qa'), of('hw')], weights: null }, true],
  ])('%s', (_, before, after, expected) => expect(weakens(before, after)).toBe(expected));
});

describe('a change of options', () => {
  const policy = (options: GivenOptions): Policy => ({ tree: of('fw'), ...options });
  const HOURS = { timeZone: 'Europe/Copenhagen', days: ['mon', 'tue'], from: '08:00', to: '18:00' } as const;
  const emergency = { tree: of('fw', 2), reviewWithinMs: 1000, reviewers: of('qa') };
  it.each<[string, GivenOptions, GivenOptions]>([
    ['assuranceLevel', { assuranceLevel: 'L1' }, { assuranceLevel: 'L2' }], ['assuranceLevel', {}, { assuranceLevel: 'L0' }],
    ['minimumDelayMs', { minimumDelayMs: 5 }, { minimumDelayMs: 6 }], ['minimumDelayMs', {}, { minimumDelayMs: 6 }],
    ['approvalValidityMs', { approvalValidityMs: 5 }, { approvalValidityMs: 4 }], ['approvalValidityMs', {}, { approvalValidityMs: 4 }],
    ['rejectionsToReject', { rejectionsToReject: 3 }, { rejectionsToReject: 2 }], ['rejectionsToReject', { rejectionsToReject: 2 }, {}],
    ['requiredProof', { requiredProof: 'signature' }, { requiredProof: 'webauthn' }], ['requiredProof', {}, { requiredProof: 'signature' }],
    ['maxValidMs', { maxValidMs: 5000 }, { maxValidMs: 4000 }], ['maxValidMs', {}, { maxValidMs: 4000 }],
    ['maxUsageCount', { maxUsageCount: 5 }, { maxUsageCount: 4 }], ['maxUsageCount', {}, { maxUsageCount: 4 }],
    ['allowedHours', {}, { allowedHours: HOURS }], ['allowedHours', { allowedHours: HOURS }, { allowedHours: { ...HOURS, days: ['tue'], from: '09:00' } }],
    ['allowedHours over midnight', { allowedHours: { ...HOURS, from: '20:00', to: '06:00' } }, { allowedHours: { ...HOURS, days: ['tue'], from: '00:00', to: '05:00' } }],
    ['excludedGroups', { excludedGroups: ['a'] }, { excludedGroups: ['b', 'a'] }],
    ['requireBinding', {}, { requireBinding: true }],
    ['allowUnprovenOrders', { allowUnprovenOrders: true }, {}],
    ['evaluateEligibility', { evaluateEligibility: 'atDecision' }, {}],
    ['emergency', { emergency }, {}], ['emergency', { emergency }, { emergency: { ...emergency, tree: of('fw', 3) } }], ['emergency', { emergency }, { emergency: { ...emergency, reviewWithinMs: 999 } }], ['emergency', { emergency }, { emergency: { ...emergency, reviewers: of('qa', 2) } }],
    ['escalateTo', { escalateAfterMs: 5, escalateTo: of('qa') }, {}],
  ])('of %s: stricter weakens nothing, the way back does', (_, weaker, stronger) => {
    expect(weakens(policy(weaker), policy(stronger))).toBe(false);
    expect(weakens(policy(stronger), policy(weaker))).toBe(true);
  });
  it.each<[string, GivenOptions, GivenOptions]>([
    ['another time zone', { allowedHours: HOURS }, { allowedHours: { ...HOURS, timeZone: 'UTC' } }],
    ['other hours', { allowedHours: HOURS }, { allowedHours: { ...HOURS, from: '07:59', to: '12:00' } }],
    ['other groups that are excluded', { excludedGroups: ['a'] }, { excludedGroups: ['b'] }],
    ['another escalation', { escalateAfterMs: 5, escalateTo: of('qa') }, { escalateAfterMs: 5, escalateTo: of('fw') }],
  ])('weakens by %s', (_, before, after) => {
    expect(weakens(policy(before), policy(after))).toBe(true);
    expect(weakens(policy(after), policy(before))).toBe(true);
  });
  it('is none where a default is written, or another reminder', () => {
    expect(weakens(of('fw'), policy({ rejectionsToReject: 1, requireBinding: false, minimumDelayMs: 0, remindAfterMs: 1 }))).toBe(false);
    expect(weakens(policy({ remindAfterMs: 1 }), of('fw'))).toBe(false);
  });
  it('of excluded groups is judged beside the tree', () => {
    fc.assert(fc.property(trees(3), fc.subarray([...GROUPS]), fc.subarray([...GROUPS]), (tree, before, after) =>
      expect(weakens({ tree, excludedGroups: before }, { tree, excludedGroups: after })).toBe(!before.every((g) => after.includes(g)))));
  });
});

describe('a list of policies, each to be met', () => {
  it('is as strong with one more, and with a stronger one', () => {
    expect(weakensAny([of('fw')], [of('qa'), of('fw', 2)])).toBe(false);
    expect(weakensAny([of('fw'), of('qa')], [of('fw')])).toBe(true);
    expect(weakensAny([], [of('fw')])).toBe(false);
    expect(weakensAny([of('fw')], [])).toBe(true);
    expect(weakensAny([{ type: 'none' }], [])).toBe(true);
  });
  it('may be served twice by one policy: one human may serve each once', () => expect(weakensAny([of('fw'), of('fw')], [of('fw')])).toBe(false));
});
