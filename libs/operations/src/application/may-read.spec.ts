import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory, Principal } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';
import { approvers, at, fold, key, requested } from '../domain/operation/testing/given-operation.js';
import { directoryFor } from '../domain/operation/testing/people.js';
import { mayRead } from './may-read.js';
import { principal } from './testing/operations-bench.js';

const NOW = at('12:30');
const orderer = (subject: string, ...groups: readonly string[]): Principal => principal(subject, { roles: ['orderer'], groups });
const operation = fold(requested([key('k', approvers(1))]));
const read = (caller: Principal, directory: Directory = NOBODY_KNOWN, state = operation): boolean => mayRead(state, caller, directory, NOW);

describe('an operation', () => {
  it.each<[string, Principal, boolean]>([
    ['its orderer', orderer('orderer1'), true], ['another orderer', orderer('orderer2'), false], ['an approver', principal('x', { roles: ['approver'], groups: [] }), true], ['an auditor', principal('x', { roles: ['auditor'], groups: [] }), true],
    ['somebody without any role', principal('x', { roles: [], groups: ['fw'] }), false],
  ])('is read, or not: %s', (_, caller, expected) => expect(read(caller)).toBe(expected));

  it('is read by who stands in for somebody whom it names', () => {
    const known = (groups: readonly string[], seen: readonly string[]): Directory => directoryFor({ deputies: { d1: { principal: 'boss', deputy: 'dee', groups } }, seen: { boss: seen } });
    expect(read(orderer('dee'), known(['fw'], ['fw']))).toBe(true);
    expect(read(orderer('dan'), known(['fw'], ['fw']))).toBe(false);
    expect(read(orderer('dee'), known(['hw'], ['fw', 'hw']))).toBe(false);
    expect(read(orderer('dee'), known(['fw'], []))).toBe(false);
  });

  it('is read by who is to review it, while there is anything to review', () => {
    const policy: Policy = { tree: approvers(1) as Extract<Policy, { type: string }>, emergency: { tree: { type: 'none' }, reviewWithinMs: 60_000, reviewers: { type: 'approvers', count: 1, group: 'audit', role: 'orderer' } } };
    const taken = [requested([key('k', policy)], { emergency: true })];
    const opened = fold(...taken, { type: 'operations.review-opened.v1', data: { at: at('12:20'), dueAt: at('12:40') } });
    expect(read(orderer('rex', 'audit'), NOBODY_KNOWN, fold(...taken))).toBe(false);
    expect(read(orderer('rex', 'audit'), NOBODY_KNOWN, opened)).toBe(true);
    expect(read(orderer('rex'), NOBODY_KNOWN, opened)).toBe(false);
  });
});
