import fc from 'fast-check';
import { evaluatePolicy } from './evaluate.js';
import { leavesOf } from './matching/crowd.js';
import { mayApprove, namedTerms, names, policyTerms } from './openness.js';
import type { PolicyNode } from './policy-node.js';
import type { Policy, PolicyPrincipal } from './policy.js';
import { byHuman, missingByTrying } from './testing/oracle.js';
import { GROUPS, people, trees } from './testing/random-policies.js';

const person = (subject: string, over: Partial<PolicyPrincipal> = {}): PolicyPrincipal => ({ issuer: 'https://idp', subject, roles: ['approver'], groups: ['fw'], ...over });
const approvers = (count: number, group: string | null = 'fw', role = 'approver'): PolicyNode => ({ type: 'approvers', count, group, role });
const in_ = (subject: string, ...groups: readonly string[]): PolicyPrincipal => person(subject, { groups });

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
  it('nobody of an excluded group, whom nothing names then', () => {
    const policy: Policy = { tree: approvers(1), excludedGroups: ['contractors'] };
    expect(mayApprove(policy, in_('a', 'fw'))).toBe(true);
    expect(mayApprove(policy, in_('a', 'fw', 'contractors'))).toBe(false);
    expect(names(policy, in_('a', 'fw', 'contractors'))).toBe(false);
  });
});

describe('a sequence', () => {
  const steps: PolicyNode = { type: 'sequence', of: [approvers(1, 'dev'), approvers(2, 'qa'), approvers(1, 'release')] };
  it('opens a step when all earlier ones are met', () => {
    expect(mayApprove(steps, in_('q', 'qa'))).toBe(false);
    expect(names(steps, in_('q', 'qa'))).toBe(true);
    expect(mayApprove(steps, in_('q', 'qa'), [in_('d', 'dev')])).toBe(true);
    expect(mayApprove(steps, in_('r', 'release'), [in_('d', 'dev'), in_('q', 'qa')])).toBe(false);
    expect(mayApprove(steps, in_('r', 'release'), [in_('d', 'dev'), in_('q', 'qa'), in_('p', 'qa')])).toBe(true);
  });
  it('does not open a step to what was approved for a later one', () => expect(mayApprove(steps, in_('r', 'release'), [in_('q', 'qa'), in_('p', 'qa')])).toBe(false));
  it('is not opened by one human for two steps', () => {
    const both = in_('d', 'dev', 'qa');
    expect(mayApprove(steps, in_('r', 'release'), [both, in_('q', 'qa')])).toBe(false);
    expect(mayApprove(steps, in_('r', 'release'), [both, in_('q', 'qa'), in_('e', 'dev')])).toBe(true);
  });
  it('keeps what is inside a closed step closed', () => {
    const nested: PolicyNode = { type: 'anyOf', of: [approvers(1, 'boss'), { type: 'sequence', of: [approvers(1, 'dev'), { type: 'allOf', of: [approvers(1, 'qa'), steps] }] }] };
    expect(policyTerms(nested)).toEqual([{ role: 'approver', group: 'boss' }, { role: 'approver', group: 'dev' }]);
    expect(policyTerms(nested, [in_('d', 'dev')]).map((t) => t.group)).toEqual(['boss', 'dev', 'qa']);
    expect(namedTerms(nested).map((t) => t.group)).toEqual(['boss', 'dev', 'qa', 'release']);
  });

  /** Approvers nodes whose every step on the way has all earlier ones met, found by trying. */
  const openByTrying = (node: PolicyNode, humans: readonly (readonly PolicyPrincipal[])[]): readonly PolicyNode[] => {
    if (node.type === 'approvers') return [node];
    if (!('of' in node)) return [];
    return node.of.flatMap((child, i) => (node.type !== 'sequence' || missingByTrying({ type: 'allOf', of: node.of.slice(0, i) }, humans) === 0 || i === 0 ? openByTrying(child, humans) : []));
  };
  const among = (leaves: readonly PolicyNode[], who: PolicyPrincipal): boolean => leaves.some((leaf) => leaf.type === 'approvers' && who.roles.includes(leaf.role) && (leaf.group === null || who.groups.includes(leaf.group)));
  it('is open to exactly those whom trying finds, at any depth', () => {
    fc.assert(fc.property(trees(4), people(), people(), (tree, approved, others) => {
      const open = openByTrying(tree, byHuman(approved));
      for (const who of others) {
        expect(mayApprove(tree, who, approved)).toBe(among(open, who));
        expect(names(tree, who)).toBe(among(leavesOf(tree), who));
      }
    }), { numRuns: 500 });
  });
  it('never closes by a further approval', () => {
    fc.assert(fc.property(trees(4), people(), people(), people(2, 3), (tree, approved, more, others) => {
      for (const who of others) if (mayApprove(tree, who, approved)) expect(mayApprove(tree, who, [...approved, ...more])).toBe(true);
    }));
  });
  it('leaves somebody to approve as long as it is not met', () => {
    fc.assert(fc.property(trees(4), people(), (tree, approved) => {
      if (evaluatePolicy(tree, approved).met) return;
      const everything = person('new', { roles: ['approver', 'administrator'], groups: [...GROUPS] });
      expect(mayApprove(tree, everything, approved)).toBe(true);
    }));
  });
});

describe('the terms of a policy', () => {
  it('name whoever may approve', () => {
    fc.assert(fc.property(trees(4), people(), people(), (tree, approved, listed) => {
      const terms = policyTerms(tree, approved);
      expect(new Set(terms.map((t) => JSON.stringify(t))).size).toBe(terms.length);
      for (const who of listed) expect(mayApprove(tree, who, approved)).toBe(terms.some((t) => who.roles.includes(t.role) && (t.group === null || who.groups.includes(t.group))));
    }));
  });
});
