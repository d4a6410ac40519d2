import { canonicalJson } from '#identity/contract.js';
import type { ActRequest } from '../act-request.js';

/** Of every one of them. */
export const OPERATION_ENDS = '2026-11-27T11:00:00.000Z';

/** The statement of an operation over an act, as the engine makes it. */
export function requestText({ deployment, operationId, requestedBy, act, expiresAt = OPERATION_ENDS }: Omit<ActRequest, 'expiresAt'> & Partial<ActRequest>): string {
  return canonicalJson({
    type: 'countersign/request/v1', deployment, operationId, requestedBy: { ...requestedBy, name: null, claims: {} }, requestedAt: '2026-11-20T11:00:00.000Z', notBefore: '2026-11-20T11:00:00.000Z',
    expiresAt, description: 'a change', approverContext: null, keyUsages: [], binding: null,
    grants: [{ action: 'administer', resource: `${act.method} ${act.path}`, policy: { type: 'approvers', count: 2, group: null, role: 'administrator' }, act, excluding: [] }],
  });
}
