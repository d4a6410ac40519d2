import type { Policy } from '#policies/contract.js';
import { defineSchema } from './json-schema.js';

const GROUP = { type: 'string', minLength: 1, maxLength: 200, description: 'left out: of any group' };
const ROLE = { type: 'string', minLength: 1, maxLength: 200 };
const NONE = { type: 'object', properties: { type: { const: 'none' } }, required: ['type'] };

/** Who must approve, as requests say it. */
export const POLICY_REQUEST = defineSchema('ApprovalPolicy', {
  oneOf: [
    { ...NONE, additionalProperties: false },
    {
      type: 'object',
      properties: { type: { const: 'approvers' }, count: { type: 'integer', minimum: 1, maximum: 100 }, group: GROUP, role: { ...ROLE, default: 'approver' } },
      required: ['type', 'count'],
      additionalProperties: false,
    },
  ],
});

/** Who must approve, as answers say it: nothing but `group` is left out. */
export const POLICY_ANSWER = defineSchema('ApprovalPolicyInForce', {
  oneOf: [NONE, { type: 'object', properties: { type: { const: 'approvers' }, count: { type: 'integer', minimum: 1 }, group: GROUP, role: ROLE }, required: ['type', 'count', 'role'] }],
});

export type PolicyView = { readonly type: 'none' } | { readonly type: 'approvers'; readonly count: number; readonly group?: string; readonly role: string };

/** A policy as answers show it, and as a request may send it back. */
export function policyView(policy: Policy): PolicyView {
  if (policy.type === 'none') return policy;
  const { type, count, group, role } = policy;
  return group === null ? { type, count, role } : { type, count, group, role };
}
