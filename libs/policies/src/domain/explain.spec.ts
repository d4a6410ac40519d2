import fc from 'fast-check';
import { evaluatePolicy } from './evaluate.js';
import { explainPolicy } from './explain.js';
import type { NodeStanding } from './explain.js';
import type { PolicyNode } from './policy-node.js';
import type { PolicyPrincipal } from './policy.js';
import { byHuman } from './testing/oracle.js';
import { GROUPS, people, trees } from './testing/random-policies.js';

type Standing = NodeStanding<PolicyPrincipal, PolicyPrincipal>;
const of = (group: string | null, count = 1): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });
const person = (subject: string, ...groups: readonly string[]): PolicyPrincipal => ({ issuer: 'i', subject, roles: ['approver'], groups });
const all = (standing: Standing): readonly Standing[] => [standing, ...standing.of.flatMap(all)];
const brief = ({ met, open, filledBy, could, of: children }: Standing): unknown => ({ met, open, filledBy: filledBy.map((p) => p.subject), could: could.map((p) => p.subject), ...(children.length > 0 ? { of: children.map(brief) } : {}) });

describe('how things stand', () => {
  it('says who fills a node and who could', () => {
    const tree: PolicyNode = { type: 'allOf', of: [of('fw', 2), of('qa')] };
    const [a, b, c] = [person('a', 'fw', 'qa'), person('b', 'fw'), person('c', 'fw', 'qa')];
    expect(brief(explainPolicy(tree, [a, b], [a, b, c, person('d')]))).toEqual({
      met: false, open: true, filledBy: ['a', 'b'], could: ['c'],
      of: [{ met: true, open: true, filledBy: ['a', 'b'], could: [] }, { met: false, open: true, filledBy: [], could: ['c'] }],
    });
    expect(brief(explainPolicy(tree, [a, b, person('e', 'fw')], [c]))).toMatchObject({ met: true, could: [], of: [{ filledBy: ['b', 'e'] }, { filledBy: ['a'] }] });
  });
  it('closes steps whose turn has not come', () => {
    const steps: PolicyNode = { type: 'sequence', of: [of('fw'), { type: 'anyOf', of: [of('qa'), of('hw')] }] };
    expect(brief(explainPolicy(steps, [], [person('q', 'qa')]))).toMatchObject({ of: [{ open: true, could: [] }, { open: false, could: ['q'], of: [{ open: false, could: ['q'] }, { open: false, could: [] }] }] });
    expect(brief(explainPolicy(steps, [person('f', 'fw')], [person('q', 'qa')]))).toMatchObject({ of: [{ met: true, filledBy: ['f'] }, { open: true, of: [{ open: true }, { open: true }] }] });
  });
  it('shows approvals beside the branch that is nearest to be met', () => {
    const tree: PolicyNode = { type: 'anyOf', of: [of('fw', 2), of('qa', 3)] };
    expect(brief(explainPolicy(tree, [person('q', 'qa'), person('f', 'fw')], []))).toMatchObject({ met: false, of: [{ filledBy: ['f'] }, { filledBy: ['q'] }] });
  });
  it('names the account by which a human fits, and nobody of an excluded group', () => {
    const [one, other] = [{ ...person('a'), person: 'Ada' }, { ...person('b', 'fw'), person: 'Ada' }];
    expect(explainPolicy(of('fw'), [one, other], []).filledBy).toEqual([other]);
    expect(explainPolicy({ tree: of('fw'), excludedGroups: ['x'] }, [person('c', 'fw', 'x')], [person('d', 'fw', 'x'), other])).toMatchObject({ met: false, filledBy: [], could: [other] });
  });
  it('offers no second slot to somebody who approved under another account', () => {
    expect(explainPolicy(of('fw', 2), [{ ...person('a', 'fw'), person: 'Ada' }], [{ ...person('b', 'fw'), person: 'Ada' }]).could).toEqual([]);
  });

  it('is at the root what the judgement says, with everybody at one place that he fits', () => {
    fc.assert(fc.property(trees(4), people(), people(), fc.subarray([...GROUPS], { maxLength: 1 }), (tree, approved, candidates, excludedGroups) => {
      const policy = { tree, excludedGroups };
      const standing = explainPolicy(policy, approved, candidates);
      expect(standing.met).toBe(evaluatePolicy(policy, approved).met);
      const leaves = all(standing).filter((s) => s.node.type === 'approvers');
      const placed = leaves.flatMap((s) => s.filledBy.map((p) => p.person));
      expect(new Set(placed).size).toBe(placed.length);
      for (const { node, filledBy, could, met } of leaves) {
        if (node.type !== 'approvers') throw new TypeError('a leaf');
        expect(filledBy.length).toBeLessThanOrEqual(node.count);
        expect(met).toBe(filledBy.length === node.count);
        for (const p of [...filledBy, ...could]) expect(p.roles.includes(node.role) && (node.group === null || p.groups.includes(node.group))).toBe(true);
        for (const p of could) expect(approved.some((a) => a.person === p.person)).toBe(false);
      }
      for (const s of all(standing)) if (s.met) expect(s.could).toEqual([]);
    }), { numRuns: 500 });
  });
  it('leaves nobody out who approved and fits a node with room', () => {
    fc.assert(fc.property(trees(3), people(), (tree, approved) => {
      const leaves = all(explainPolicy(tree, approved, [])).filter((s) => s.node.type === 'approvers');
      const placed = new Set(leaves.flatMap((s) => s.filledBy.map((p) => p.person)));
      for (const accounts of byHuman(approved)) {
        const room = leaves.some(({ node, met }) => !met && node.type === 'approvers' && accounts.some((p) => p.roles.includes(node.role) && (node.group === null || p.groups.includes(node.group))));
        if (room) expect(placed.has(accounts[0]?.person)).toBe(true);
      }
    }));
  });
});
