import fc from 'fast-check';
import type { PolicyNode } from './policy-node.js';
import type { PolicySource } from './policy.js';
import { samePolicy } from './same-policy.js';
import { trees } from './testing/random-policies.js';

const approvers = (count: number, group: string | null = 'fw', role = 'approver'): PolicyNode => ({ type: 'approvers', count, group, role });
const HOURS = { timeZone: 'UTC', days: ['mon', 'tue'], from: '08:00', to: '18:00' } as const;

describe('sameness', () => {
  it.each<[PolicySource, PolicySource, boolean]>([
    [{ type: 'none' }, { type: 'none' }, true],
    [{ type: 'none' }, approvers(1), false],
    [approvers(1), { type: 'none' }, false],
    [approvers(2), { role: 'approver', group: 'fw', count: 2, type: 'approvers' }, true],
    [approvers(2), approvers(3), false],
    [approvers(2), approvers(2, null), false],
    [approvers(2), approvers(2, 'fw', 'administrator'), false],
    [approvers(2), { tree: approvers(2) }, true],
    [{ tree: approvers(2), rejectionsToReject: 1, requiredProof: 'token' }, { evaluateEligibility: 'atUse', tree: approvers(2) }, true],
    [{ tree: approvers(2), rejectionsToReject: 2 }, { tree: approvers(2) }, false],
    [{ tree: approvers(2), excludedGroups: ['a', 'b'] }, { tree: approvers(2), excludedGroups: ['b', 'a'] }, true],
    [{ tree: approvers(2), allowedHours: HOURS }, { tree: approvers(2), allowedHours: { ...HOURS, days: ['tue', 'mon'] } }, true],
    [{ tree: approvers(2), allowedHours: HOURS }, { tree: approvers(2), allowedHours: { ...HOURS, from: '09:00' } }, false],
    [{ tree: approvers(2), emergency: { tree: approvers(1), reviewWithinMs: 1, reviewers: approvers(1) } }, { tree: approvers(2), emergency: { tree: approvers(1), reviewWithinMs: 1, reviewers: approvers(2) } }, false],
    [{ tree: approvers(2), escalateAfterMs: 1, escalateTo: approvers(1) }, { tree: approvers(2), escalateAfterMs: 1 }, false],
    [{ type: 'threshold', k: 1, of: [approvers(1)], weights: null }, { type: 'threshold', k: 1, of: [approvers(1)], weights: [1] }, true],
    [{ type: 'threshold', k: 1, of: [approvers(1)], weights: null }, { type: 'threshold', k: 1, of: [approvers(1)], weights: [2] }, false],
    [{ type: 'allOf', of: [approvers(1)] }, { type: 'sequence', of: [approvers(1)] }, false],
    [{ type: 'sequence', of: [approvers(1), approvers(2)] }, { type: 'sequence', of: [approvers(2), approvers(1)] }, false],
    [{ ref: 'a', version: 1 }, { version: 1, ref: 'a' }, true],
    [{ ref: 'a', version: 1 }, { ref: 'a', version: null }, false],
    [{ assuranceLevel: 'L1' }, { assuranceLevel: 'L1' }, true],
    [{ assuranceLevel: 'L1' }, { assuranceLevel: 'L2' }, false],
    [{ assuranceLevel: 'L1' }, { tree: { type: 'none' }, assuranceLevel: 'L1' }, false],
  ])('%j and %j', (a, b, same) => {
    expect(samePolicy(a, b)).toBe(same);
    expect(samePolicy(b, a)).toBe(same);
  });
  it('is that of a copy', () => {
    fc.assert(fc.property(trees(4), (tree) => expect(samePolicy(tree, { tree: JSON.parse(JSON.stringify(tree)) as PolicyNode })).toBe(true)));
  });
});
