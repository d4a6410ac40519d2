import type { Policy } from './policy.js';
import { strongestProof } from './proofs.js';

const asking = (requiredProof: 'token' | 'signature' | 'webauthn'): Policy => ({ tree: { type: 'none' }, requiredProof });

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
