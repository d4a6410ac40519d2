import type { Actor } from '#kernel/actor.js';
import type { NewEvent } from '#eventing/event-store.port.js';
import { derivedId, randomId } from '#eventing/ids.js';
import { operationStream } from '#operations/contract.js';
import type { OperationEvent } from '#operations/contract.js';
import type { PolicyNode } from '#policies/contract.js';

const GROUPS = 40;
const group = (n: number): string => `approvers-${n % GROUPS}`;
const ISSUER = 'https://idp.example';
const SHA256_HEX = 'ab'.repeat(32);
const DIGEST = Buffer.alloc(32, 7).toString('base64');
const DAY_MS = 86_400_000;
/** Spreads expiries, so that they come in another order than the requests. */
const SCATTER = 7_919;

/** Somebody who approves: in one to three of the groups. */
export const queueApprover = (n: number): { readonly subject: string; readonly groups: readonly string[] } =>
  ({ subject: `approver-${n}`, groups: [group(n), group(n * 7 + 1), group(n * 11 + 2)].slice(0, 1 + (n % 3)) });

const approvers = (n: number, count = 1): PolicyNode => ({ type: 'approvers', count, group: group(n), role: 'approver' });
/** Five levels and seven groups, in which somebody of the last waits for his turn. */
const nestedPolicy = (n: number): PolicyNode => ({
  type: 'allOf',
  of: [
    approvers(n),
    {
      type: 'anyOf',
      of: [
        approvers(n * 3 + 1, 2),
        { type: 'threshold', k: 2, weights: null, of: [approvers(n * 7 + 2), approvers(n * 11 + 3), { type: 'sequence', of: [approvers(n * 13 + 4), { type: 'anyOf', of: [approvers(n * 17 + 5), approvers(n * 19 + 6)] }] }] },
      ],
    },
  ],
});

/** An operation that waits for a nested policy, with a month's time; every second one has its first approval. @param of how many there are to be */
export function pendingOperation(n: number, of: number, now: number): { readonly stream: string; readonly events: readonly NewEvent[] } {
  const operationId = derivedId('bench-pending', n);
  const at = new Date(now).toISOString();
  const expiresAt = new Date(now + DAY_MS + Math.floor(((n * SCATTER) % of) * ((29 * DAY_MS) / of))).toISOString();
  const requestedBy = { issuer: ISSUER, subject: `orderer-${n % 20}` };
  const keyUsages = [{ keyId: `fw-${n % 5}`, algorithm: 'ES256' as const, publicKeySha256: SHA256_HEX, maxUsageCount: 100, policy: nestedPolicy(n) }];
  const description = 'Release 4.2.0 of the pump controller';
  const statement = JSON.stringify({ type: 'countersign/request/v1', deployment: SHA256_HEX, operationId, requestedBy, keyUsages, description, requestedAt: at, expiresAt });
  const requested: OperationEvent = {
    type: 'operations.requested.v1',
    data: {
      operationId, requestDigest: DIGEST, requestedBy, requestedAt: at, notBefore: at, expiresAt, description, approverContext: 'Build 8123, tests green, ticket FW-991', keyUsages, binding: null,
      personal: { name: 'orderer', claims: { repository: 'acme/firmware' }, statement },
    },
  };
  const by = { issuer: ISSUER, subject: `first-${n % GROUPS}` };
  const approved: OperationEvent = {
    type: 'operations.approval-given.v1',
    data: { by, roles: ['approver'], groups: [group(n)], at, requestDigest: DIGEST, personal: { name: 'first', claims: {}, comment: 'built and tested' } },
  };
  const stored = (event: OperationEvent, actor: Actor, id: string): NewEvent => ({ id: randomId(), ...event, metadata: { commandId: randomId(), actor, at, bodyDigest: DIGEST, requestId: id } });
  return { stream: operationStream(operationId), events: [stored(requested, requestedBy, `r-${n}`), ...(n % 2 === 0 ? [] : [stored(approved, by, `a-${n}`)])] };
}
