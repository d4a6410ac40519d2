import type { SignOrderView } from '../../application/sign-order-view.js';

const DIGEST = 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=';
const SIGNATURE = 'MEUCIQDRHwa4XfkQe1Kx4o5R2Y9vVfZ2pWm1rV3j2D1xqk5o4gIgQ3v8m0Zz0m1v3x2y5w7a9c1e3g5i7k9m1o3q5s7u9w==';

export const COMPLETED: SignOrderView = {
  signOrderId: '8a3f7f2e-0c9e-5b5c-8d1e-2f6a7b8c9d0e',
  operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e',
  state: 'completed',
  keyId: 'fw-prod',
  algorithm: 'ES256',
  signatures: [SIGNATURE],
  usesConsumed: 1,
  requestedAt: '2026-11-20T12:03:00.000Z',
  at: '2026-11-20T12:03:00.012Z',
};
const { signatures: _signatures, at: _at, ...underWay } = COMPLETED;
export const RESERVED: SignOrderView = { ...underWay, state: 'reserved' };
export const HALTED: SignOrderView = {
  ...COMPLETED, state: 'halted', signatures: [], usesConsumed: 0, failure: { code: 'QUORUM_NOT_MET', detail: 'fw-prod: 1 more approver is needed' },
  blockers: [
    { code: 'QUORUM_NOT_MET', detail: 'fw-prod: 1 more approver is needed', owner: 'approvers' },
    { code: 'CREDENTIAL_NOT_ACTIVE', detail: 'the credential of an approval is revoked', owner: 'approvers' },
  ],
};
export const UNKNOWN: SignOrderView = { ...COMPLETED, state: 'outcome-unknown', signatures: [SIGNATURE, null], usesConsumed: 2, failure: { code: 'OUTCOME_UNKNOWN', detail: 'the signer ended while the HSM was signing' } };
export const FOUND_ONCE: SignOrderView = {
  ...UNKNOWN,
  findings: [{ finding: 'not-signed', by: { issuer: 'https://idp.example', subject: 'admin-1' }, comment: 'The HSM’s audit log has no second signature' }],
};

export const SIGN_REQUESTS = {
  'one digest': { keyId: 'fw-prod', digests: [DIGEST], digestAlgorithm: 'SHA-256' },
  'a message, r‖s': { keyId: 'fw-prod', data: 'cHVtcC00LjIuMC5iaW4=', signatureFormat: 'raw' },
} as const;
