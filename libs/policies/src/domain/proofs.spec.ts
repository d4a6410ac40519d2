import { hasSequence, optionsOf } from './policy.js';
import type { Policy } from './policy.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';
import { PROOF_KINDS } from './policy-options.js';
import type { ProofKind } from './policy-options.js';
import { asksProof, strongestProof, withMinimum } from './proofs.js';

const asking = (requiredProof: ProofKind, tree: PolicyNode = { type: 'none' }): Policy => ({ tree, requiredProof });
const SOMEBODY: ApproversNode = { type: 'approvers', count: 1, group: null, role: 'approver' };

describe('the strongest proof', () => {
  it('is the token where nothing is asked', () => {
    expect(strongestProof([])).toBe('token');
    expect(strongestProof([{ type: 'none' }, asking('token')])).toBe('token');
  });
  it('is that of the strictest policy, wherever it stands', () => {
    expect(strongestProof([asking('signature'), { type: 'none' }])).toBe('signature');
    expect(strongestProof([asking('token'), asking('webauthn'), asking('signature')])).toBe('webauthn');
  });
});

describe('a least proof', () => {
  it('is the stronger one of both, and leaves the other options', () => {
    for (const own of PROOF_KINDS) {
      for (const minimum of PROOF_KINDS) {
        const policy: Policy = { tree: SOMEBODY, requiredProof: own, requireBinding: true };
        const least = withMinimum(policy, minimum);
        expect(least).toEqual({ ...policy, requiredProof: strongestProof([policy, asking(minimum)]) });
        expect(asksProof(policy, minimum)).toBe(own !== 'token' || minimum !== 'token');
      }
    }
  });
  it('turns a bare tree into a document only where it asks more', () => {
    expect(withMinimum(SOMEBODY, 'token')).toBe(SOMEBODY);
    expect(optionsOf(withMinimum(SOMEBODY, 'signature'))).toEqual({ ...optionsOf(SOMEBODY), requiredProof: 'signature' });
  });
  it('asks nobody where the policy asks nobody', () => {
    expect(withMinimum({ type: 'none' }, 'webauthn')).toEqual({ type: 'none' });
    expect(asksProof(asking('webauthn'), 'webauthn')).toBe(false);
  });
});

describe('an order of approvals', () => {
  it('is found at any depth', () => {
    expect(hasSequence(SOMEBODY)).toBe(false);
    expect(hasSequence({ type: 'allOf', of: [SOMEBODY, { type: 'threshold', k: 1, of: [{ type: 'sequence', of: [SOMEBODY] }], weights: null }] })).toBe(true);
    expect(hasSequence(asking('token', { type: 'anyOf', of: [SOMEBODY] }))).toBe(false);
  });
});
