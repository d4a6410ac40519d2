import { EXAMPLE_APPROVER, EXAMPLE_ORDERER } from '#platform/http/schema/people.schema.js';
import type { OperationBody } from './operation.schema.js';

const ARTEFACT = 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=';
const ID = '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e';

export const PENDING: OperationBody = {
  operationId: ID,
  state: 'pending',
  requestedBy: EXAMPLE_ORDERER,
  requestedAt: '2026-11-20T11:58:03.120Z',
  notBefore: '2026-11-20T12:00:00.000Z',
  expiresAt: '2026-11-20T13:00:00.000Z',
  description: 'Release 4.2.0 of the pump controller',
  approverContext: 'Build 8123, tests green, ticket FW-991',
  binding: null,
  requestDigest: 'Wt3L0kEKQz1Kp2m1a6kVJq4h1yq3b9w3oJ3C1b8Y7mA=',
  requestStatement: '{"approverContext":"Build 8123, tests green, ticket FW-991","type":"countersign/request/v1"}',
  keyUsages: [
    { keyId: 'fw-prod', maxUsageCount: 3, usedCount: 0, remainingCount: 3, approval: { policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' }, met: false, missing: 2 } },
    { keyId: 'fw-dev', maxUsageCount: 1, usedCount: 0, remainingCount: 1, approval: { policy: { type: 'none' }, met: true, missing: 0 } },
  ],
  decisions: [],
  revision: 0,
};
export const APPROVED_ONCE: OperationBody = {
  ...PENDING,
  keyUsages: PENDING.keyUsages.map((usage) => (usage.approval.met ? usage : { ...usage, approval: { ...usage.approval, missing: 1 } })),
  decisions: [{ decision: 'approve', by: EXAMPLE_APPROVER, at: '2026-11-20T11:59:41.007Z', comment: 'Compared with the release notes' }],
  revision: 1,
};
export const REJECTED: OperationBody = { ...PENDING, state: 'rejected', decisions: [{ decision: 'reject', by: EXAMPLE_APPROVER, at: '2026-11-20T11:59:41.007Z', comment: null }], revision: 2 };
export const REVOKED = { ...APPROVED_ONCE, state: 'revoked', revision: 3, inFlight: [] } as const;

export const OPERATION_REQUESTS = {
  'two keys': {
    keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 3 }, { keyId: 'fw-dev', maxUsageCount: 1 }],
    description: 'Release 4.2.0 of the pump controller',
    approverContext: 'Build 8123, tests green, ticket FW-991',
    validMs: 3_600_000,
    notBefore: '2026-11-20T12:00:00.000Z',
  },
  'bound to one artefact': { keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 1 }], description: 'pump-4.2.0.bin', validMs: 3_600_000, binding: { digests: [ARTEFACT] } },
  'kebab case': { 'new-keyusagerestrictions': [{ keyid: 'fw-prod', maxusagecount: 3 }], description: 'Release 4.2.0', approvercontext: 'Build 8123', validms: 3_600_000 },
} as const;
export const DECISIONS = {
  approve: { decision: 'approve', requestDigest: PENDING.requestDigest, comment: 'Compared with the release notes' },
  reject: { decision: 'reject', requestDigest: PENDING.requestDigest },
} as const;

const STATEMENT = `{"at":"2026-11-20T11:59:01.007Z","audience":"https://countersign.example","decision":"approve","nonce":"Zk3vDq0sQk2w9b3aWm1nTq5xYp7c1R8u","operationId":"${ID}","policyDigest":"qjQm1bTq5xYp7c1R8uZk3vDq0sQk2w9b3aWm1nTq5xY=","requestDigest":"${PENDING.requestDigest}","type":"countersign/decision/v1"}`;
export const CHALLENGE = {
  challengeId: '5b7d6c1e-2f0a-5c53-8a53-1b6c5d1f1f5e',
  statement: STATEMENT,
  expiresAt: '2026-11-20T12:04:01.007Z',
  webauthn: { challenge: 'y1Zk3vDq0sQk2w9b3aWm1nTq5xYp7c1R8uWm1nTq5xY', rpId: 'countersign.example', timeout: 300_000, userVerification: 'required', allowCredentials: [{ type: 'public-key', id: 'AbCdEf0123456789', transports: ['usb'] }] },
} as const;
