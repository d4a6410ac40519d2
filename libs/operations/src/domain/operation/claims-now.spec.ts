import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { claimsNow } from './approvals.js';

const account = { issuer: 'https://idp.example', subject: 'ada', roles: ['approver', 'administrator'], groups: ['fw', 'hw'] };
const rostered = (...groups: readonly string[]): Directory => ({ ...NOBODY_KNOWN, rosterGroups: () => groups });
const tree = { type: 'approvers', count: 1, group: null, role: 'administrator' } as const;
const signed = { tree, requiredProof: 'signature' } as const;

describe('rule 23: what a person may be in a policy that asks for proofs', () => {
  it('is of the roster, which a token narrows and never widens', () => {
    expect(claimsNow(signed, account, rostered('fw', 'qa', 'administrators'))).toEqual({ roles: account.roles, groups: ['fw'] });
    expect(claimsNow(signed, account, rostered())).toEqual({ roles: ['approver'], groups: [] });
    expect(claimsNow(signed, { ...account, roles: ['approver'] }, rostered('administrators'))).toMatchObject({ roles: ['approver'] });
  });
  it('is of the token where there is no roster, or a token is enough', () => {
    expect(claimsNow(signed, account, NOBODY_KNOWN)).toEqual(account);
    expect(claimsNow(tree, account, rostered())).toEqual(account);
  });
});
