import fc from 'fast-check';
import { evaluatePolicy } from './evaluate.js';
import { mayApprove, policyTerms } from './openness.js';
import type { ApproversNode, NoneNode } from './policy-node.js';
import type { Policy, PolicyPrincipal } from './policy.js';
import { samePolicy } from './same-policy.js';

const person = (subject: string, over: Partial<PolicyPrincipal> = {}): PolicyPrincipal => ({ issuer: 'https://idp', subject, roles: ['approver'], groups: ['fw'], ...over });
const approvers = (count: number, group: string | null = 'fw', role = 'approver'): Policy => ({ type: 'approvers', count, group, role });

describe('who may approve', () => {
  it('nobody where nobody is asked', () => expect(mayApprove({ type: 'none' }, person('a'))).toBe(false));
  it.each([
    ['role and group', person('a'), true],
    ['the group alone', person('a', { roles: ['orderer'] }), false],
    ['the role alone', person('a', { groups: ['hw'] }), false],
    ['neither', person('a', { roles: [], groups: [] }), false],
    ['the role under another spelling', person('a', { roles: ['Approver'] }), false],
    ['more than is asked', person('a', { roles: ['orderer', 'approver'], groups: ['hw', 'fw'] }), true],
  ])('with %s', (_, who, expected) => expect(mayApprove(approvers(1), who)).toBe(expected));
  it('of any group where none is named', () => expect(mayApprove(approvers(1, null), person('a', { groups: [] }))).toBe(true));
  it('only those in the role that the policy names', () => {
    expect(mayApprove(approvers(1, null, 'administrator'), person('a'))).toBe(false);
    expect(mayApprove(approvers(1, null, 'administrator'), person('a', { roles: ['administrator'] }))).toBe(true);
  });
});

describe('the verdict', () => {
  it('is met at once where nobody is asked', () => expect(evaluatePolicy({ type: 'none' }, [])).toEqual({ met: true, missing: 0 }));
  it.each([[0, 2], [1, 1], [2, 0], [3, 0]])('after %i of 2 people misses %i', (n, missing) =>
    expect(evaluatePolicy(approvers(2), Array.from({ length: n }, (_, i) => person(`p${i}`)))).toEqual({ met: missing === 0, missing }));
  it('counts one person once, however often he is listed', () => expect(evaluatePolicy(approvers(2), [person('a'), person('a'), person('a')])).toEqual({ met: false, missing: 1 }));
  it('tells people apart by issuer and subject together', () => {
    expect(evaluatePolicy(approvers(2), [person('a'), person('a', { issuer: 'https://other' })]).met).toBe(true);
    expect(evaluatePolicy(approvers(2), [person('a', { issuer: 'https://idpa', subject: 'b' }), person('ab', { issuer: 'https://idp', subject: 'ab' })]).met).toBe(true);
  });
  it('counts whom it names alone', () => expect(evaluatePolicy(approvers(2), [person('a'), person('b', { groups: ['hw'] })])).toEqual({ met: false, missing: 1 }));
  it('counts a person by the listing that qualifies him', () => {
    const listed = [person('a', { groups: [] }), person('a')];
    expect(evaluatePolicy(approvers(1), listed).met).toBe(true);
    expect(evaluatePolicy(approvers(1), [...listed].reverse()).met).toBe(true);
  });

  const people = fc.array(
    fc.record({ issuer: fc.constantFrom('i1', 'i2'), subject: fc.constantFrom('a', 'b', 'c'), roles: fc.subarray(['approver', 'administrator']), groups: fc.subarray(['fw', 'hw']) }),
    { maxLength: 6 },
  );
  const policy: fc.Arbitrary<NoneNode | ApproversNode> = fc.oneof(
    fc.constant<NoneNode>({ type: 'none' }),
    fc.record({ type: fc.constant('approvers' as const), count: fc.integer({ min: 1, max: 4 }), group: fc.constantFrom('fw', 'hw', null), role: fc.constantFrom('approver', 'administrator') }),
  );

  /** Whether some set of different people fills every slot: tries all of them. */
  function fillable(p: NoneNode | ApproversNode, slots: number, listed: readonly PolicyPrincipal[]): boolean {
    if (p.type === 'none' || slots === 0) return true;
    return listed.some((who) => {
      const named = who.roles.includes(p.role) && (p.group === null || who.groups.includes(p.group));
      return named && fillable(p, slots - 1, listed.filter((o) => o.issuer !== who.issuer || o.subject !== who.subject));
    });
  }

  it('agrees with trying every set of different people', () => {
    fc.assert(fc.property(policy, people, (p, listed) => {
      const slots = p.type === 'none' ? 0 : p.count;
      const verdict = evaluatePolicy(p, listed);
      expect(verdict.met).toBe(fillable(p, slots, listed));
      let filled = slots;
      while (!fillable(p, filled, listed)) filled -= 1;
      expect(verdict.missing).toBe(slots - filled);
    }));
  });
  it('never asks for more when somebody joins, and depends on no order', () => {
    fc.assert(fc.property(policy, people, people, (p, listed, more) => {
      const both = evaluatePolicy(p, [...listed, ...more]);
      expect(both.missing).toBeLessThanOrEqual(evaluatePolicy(p, listed).missing);
      expect(evaluatePolicy(p, [...more, ...listed].reverse())).toEqual(both);
    }));
  });
  it('is met with nobody only where nobody is asked', () => {
    fc.assert(fc.property(policy, (p) => expect(evaluatePolicy(p, []).met).toBe(p.type === 'none')));
  });
  it('names in its terms whoever may approve', () => {
    fc.assert(fc.property(policy, people, (p, listed) => {
      const terms = policyTerms(p);
      for (const who of listed) expect(mayApprove(p, who)).toBe(terms.some((t) => who.roles.includes(t.role) && (t.group === null || who.groups.includes(t.group))));
    }));
  });
});

describe('sameness', () => {
  it.each<[Policy, Policy, boolean]>([
    [{ type: 'none' }, { type: 'none' }, true],
    [{ type: 'none' }, approvers(1), false],
    [approvers(1), { type: 'none' }, false],
    [approvers(2), { role: 'approver', group: 'fw', count: 2, type: 'approvers' }, true],
    [approvers(2), approvers(3), false],
    [approvers(2), approvers(2, null), false],
    [approvers(2), approvers(2, 'fw', 'administrator'), false],
  ])('%j and %j', (a, b, same) => expect(samePolicy(a, b)).toBe(same));
});
