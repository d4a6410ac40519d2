import type { NewEvent } from '#eventing/event-store.port.js';
import { derivedId, randomId } from '#eventing/ids.js';
import { operationStream } from '#operations/contract.js';
import type { OperationEvent } from '#operations/contract.js';

/** Groups of approvers; an operation waits for one of them. */
export const QUEUE_GROUPS = Array.from({ length: 10 }, (_, n) => `approvers-${n}`);
const ISSUER = 'https://idp.example';
const SHA256_HEX = 'ab'.repeat(32);
const DIGEST = Buffer.alloc(32, 7).toString('base64');
const DAY_MS = 86_400_000;
/** Spreads expiries, so that they come in another order than the requests. */
const SCATTER = 7_919;

/** The request of an operation that waits for two approvals of a group, with a month's time. @param of how many there are to be */
export function pendingOperation(n: number, of: number, now: number): { readonly stream: string; readonly event: NewEvent } {
  const operationId = derivedId('bench-pending', n);
  const requestedAt = new Date(now).toISOString();
  const expiresAt = new Date(now + DAY_MS + Math.floor(((n * SCATTER) % of) * ((29 * DAY_MS) / of))).toISOString();
  const requestedBy = { issuer: ISSUER, subject: `orderer-${n % 20}` };
  const keyUsages = [{ keyId: `fw-${n % 5}`, algorithm: 'ES256' as const, publicKeySha256: SHA256_HEX, maxUsageCount: 100, policy: { type: 'approvers' as const, count: 2, group: QUEUE_GROUPS[n % QUEUE_GROUPS.length] ?? '', role: 'approver' as const } }];
  const description = 'Release 4.2.0 of the pump controller';
  const statement = JSON.stringify({ type: 'countersign/request/v1', deployment: SHA256_HEX, operationId, requestedBy, keyUsages, description, requestedAt, expiresAt });
  const requested: OperationEvent = {
    type: 'operations.requested.v1',
    data: {
      operationId, requestDigest: DIGEST, requestedBy, requestedAt, notBefore: requestedAt, expiresAt, description, approverContext: 'Build 8123, tests green, ticket FW-991', keyUsages, binding: null,
      personal: { name: 'orderer', claims: { repository: 'acme/firmware' }, statement },
    },
  };
  return { stream: operationStream(operationId), event: { id: randomId(), ...requested, metadata: { commandId: randomId(), actor: requestedBy, at: requestedAt, bodyDigest: DIGEST, requestId: `r-${n}` } } };
}
