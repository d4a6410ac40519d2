import type { ExpectedRevision, NewEvent } from '#eventing/event-store.port.js';
import { derivedId, randomId } from '#eventing/ids.js';
import { operationStream } from '#operations/contract.js';
import type { GrantedKey, OperationEvent } from '#operations/contract.js';
import { signOrderStream } from '#signing/contract.js';
import type { SigningEvent } from '#signing/contract.js';

export interface SeedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
}

const ORDERS = 20;
/** requested, two approvals, approved; each order reserved, started and completed; one settlement. */
export const EVENTS_PER_OPERATION = 4 + 3 * ORDERS + 1;

const ISSUER = 'https://idp.example';
const SHA256_HEX = 'ab'.repeat(32);
const DIGEST = Buffer.alloc(32, 7).toString('base64');
const SIGNATURE = Buffer.alloc(71, 9).toString('base64');
const START = Date.parse('2026-01-01T00:00:00.000Z');
const grant = (keyId: string): GrantedKey => ({
  keyId, algorithm: 'ES256', publicKeySha256: SHA256_HEX, maxUsageCount: 100, policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
});

/** What one operation with 20 sign orders leaves in the store, append by append. */
export function operationHistory(n: number): readonly SeedAppend[] {
  const operationId = derivedId('bench', n);
  const stream = operationStream(operationId);
  const at = (ms: number): string => new Date(START + n * 1_000 + ms).toISOString();
  const recorded = (subject: string, ms: number, { type, data }: OperationEvent | SigningEvent): NewEvent => ({
    id: randomId(), type, data, metadata: { commandId: randomId(), actor: { issuer: ISSUER, subject }, at: at(ms), bodyDigest: DIGEST, requestId: `r-${n}-${ms}` },
  });
  const approval = (subject: string, ms: number): OperationEvent => ({
    type: 'operations.approval-given.v1',
    data: { by: { issuer: ISSUER, subject }, roles: ['approver'], groups: ['firmware-approvers'], at: at(ms), requestDigest: DIGEST, personal: { name: subject, claims: {}, comment: null } },
  });
  const requestedBy = { issuer: ISSUER, subject: `orderer-${n % 20}` };
  const keyUsages = [grant('fw-prod'), grant('fw-dev')];
  const statement = JSON.stringify({ type: 'countersign/request/v1', deployment: SHA256_HEX, operationId, requestedBy, keyUsages, description: 'Release 4.2.0 of the pump controller', requestedAt: at(0), expiresAt: at(3_600_000) });
  const requested: OperationEvent = {
    type: 'operations.requested.v1',
    data: {
      operationId, requestDigest: DIGEST, requestedBy, requestedAt: at(0), notBefore: at(0), expiresAt: at(3_600_000), description: 'Release 4.2.0 of the pump controller',
      approverContext: 'Build 8123, tests green, ticket FW-991', keyUsages, binding: null, personal: { name: 'orderer', claims: { repository: 'acme/firmware' }, statement },
    },
  };
  const orders = Array.from({ length: ORDERS }, (_, i) => ({ signOrderId: derivedId('bench', n, i), keyId: i % 2 === 0 ? 'fw-prod' : 'fw-dev', revision: 4 + i, ms: 1_000 + i * 10 }));
  const settled = orders.map((o) => ({ signOrderId: o.signOrderId, keyId: o.keyId, spent: 1, cause: SHA256_HEX }));
  return [
    { stream, expected: 'no-stream', events: [recorded(requestedBy.subject, 0, requested)] },
    { stream, expected: 0, events: [recorded('approver1', 1, approval('approver1', 1))] },
    { stream, expected: 1, events: [recorded('approver2', 2, approval('approver2', 2)), recorded('approver2', 2, { type: 'operations.approved.v1', data: {} })] },
    ...orders.flatMap(({ signOrderId, keyId, revision, ms }): readonly SeedAppend[] => {
      const facts = { operationId, signOrderId, requestedAt: at(ms), bodyDigest: DIGEST, keyId, algorithm: 'ES256', count: 1, format: 'der' } as const;
      const reserved: OperationEvent = { type: 'operations.uses-reserved.v1', data: { ...facts, publicKeySha256: SHA256_HEX, input: { digests: [DIGEST] } } };
      const started: SigningEvent = { type: 'signing.started.v1', data: { ...facts, reservation: signOrderId, signer: 'signer-1', incarnation: SHA256_HEX, attempt: signOrderId, publicKeySha256: SHA256_HEX, digests: [DIGEST] } };
      const completed: SigningEvent = { type: 'signing.completed.v1', data: { operationId, keyId, signer: 'signer-1', digests: [DIGEST], signatures: [SIGNATURE], at: at(ms + 3) } };
      return [
        { stream, expected: revision - 1, events: [recorded(requestedBy.subject, ms, reserved)] },
        { stream: signOrderStream(signOrderId), expected: 'no-stream', events: [recorded('signer-1', ms + 1, started)] },
        { stream: signOrderStream(signOrderId), expected: 0, events: [recorded('signer-1', ms + 3, completed)] },
      ];
    }),
    { stream, expected: 3 + ORDERS, events: [recorded('settlement', 2_000, { type: 'operations.uses-settled.v1', data: { settled } })] },
  ];
}
