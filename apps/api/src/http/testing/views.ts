import type { CredentialView } from '#administration/application/credential-view.js';
import type { TrailItem } from '#evidence/application/trail-item.js';
import type { KeyView } from '#keys/application/key-view.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';

export const OPERATION_ID = '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e';
export const SIGN_ORDER_ID = '8a3f7f2e-0c9e-5b5c-8d1e-2f6a7b8c9d0e';
const AT = '2026-11-20T12:00:00.000Z';
export const DIGEST = Buffer.alloc(32, 7).toString('base64');

export const KEY: KeyView = {
  keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', publicKeyPem: 'pem', approvalPolicy: { type: 'approvers', count: 2, group: null, role: 'approver' },
  description: null, requesters: null, status: 'enabled', createdAt: AT, revision: 1,
};
const person = { issuer: 'https://idp.example', subject: 'orderer-1', name: null, claims: { repository: 'acme/firmware' } };
export const OPERATION: OperationView = {
  operationId: OPERATION_ID, state: 'pending', requestedBy: person, requestedAt: AT, notBefore: AT, expiresAt: '2026-11-20T13:00:00.000Z',
  description: 'a release', approverContext: null, binding: null, requestDigest: DIGEST, requestStatement: '{}',
  keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 3, usedCount: 0, remainingCount: 3, approval: { policy: { type: 'approvers', count: 2, group: null, role: 'approver' }, met: false, missing: 2 } }],
  decisions: [{ decision: 'approve', by: person, at: AT, comment: null }],
  revision: 4,
};
export const SIGN_ORDER: SignOrderView = {
  signOrderId: SIGN_ORDER_ID, operationId: OPERATION_ID, state: 'completed', keyId: 'fw-prod', algorithm: 'ES256', signatures: ['AAAA'], usesConsumed: 1, requestedAt: AT, at: AT,
};
export const TRAIL_ITEM: TrailItem = {
  position: '7', stream: `operation-${OPERATION_ID}`, revision: '0', id: SIGN_ORDER_ID, type: 'operations.requested.v1', at: AT, actor: { issuer: 'https://idp.example', subject: 'orderer-1' }, data: {},
};
export const CREDENTIAL: CredentialView = { credentialId: 'c1', type: 'jwk', label: 'a card', owner: { issuer: 'https://idp.example', subject: 'ana' }, status: 'active', createdAt: AT };
export const CREATION_OPTIONS = {
  rp: { id: 'localhost', name: 'Countersign' }, user: { id: 'AQ', name: 'ana', displayName: 'ana' }, challenge: 'AQID', pubKeyCredParams: [{ type: 'public-key', alg: -7 }], timeout: 300_000, excludeCredentials: [],
  authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' }, attestation: 'none',
};
