import { DAYS, ELIGIBILITIES, LEVELS, MAX_COUNT, MAX_DURATION_MS, MAX_EXCLUDED_GROUPS, MAX_NAME, MAX_NODES, MAX_REJECTIONS, MAX_USES, MIN_VALID_MS, POLICY_NAME, PROOF_KINDS } from '#policies/contract.js';
import { defineSchema, listOf } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';

const TEXT: JsonSchema = { type: 'string', minLength: 1, maxLength: MAX_NAME };
const integer = (minimum: number, maximum: number, description?: string): JsonSchema => ({ type: 'integer', minimum, maximum, ...(description === undefined ? {} : { description }) });
const duration = (minimum: number, description: string): JsonSchema => integer(minimum, MAX_DURATION_MS, description);
const LEVEL: JsonSchema = { type: 'string', enum: LEVELS };
const HOURS: JsonSchema = {
  type: 'object',
  description: 'When keys may be used. `to` earlier than `from` is on the next day',
  properties: {
    timeZone: { type: 'string', description: 'IANA time zone' },
    days: listOf({ type: 'string', enum: DAYS }, { minItems: 1, maxItems: DAYS.length, uniqueItems: true }),
    from: { type: 'string', pattern: '^(?:[01]\\d|2[0-3]):[0-5]\\d$', description: 'inclusive' },
    to: { type: 'string', pattern: '^(?:(?:[01]\\d|2[0-3]):[0-5]\\d|24:00)$', description: 'exclusive' },
  },
  required: ['timeZone', 'days', 'from', 'to'],
  additionalProperties: false,
};

/** Requests are closed, and `role` may be left out; answers are open. */
type Side = 'request' | 'answer';
const object = (side: Side, properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema =>
  ({ type: 'object', properties, required, ...(side === 'request' ? { additionalProperties: false } : {}) });

function nodeForms(side: Side, node: JsonSchema): readonly JsonSchema[] {
  const of = listOf(node, { minItems: 1, maxItems: MAX_NODES - 1 });
  const branch = (type: string, description: string): JsonSchema => ({ ...object(side, { type: { const: type }, of }, ['type', 'of']), description });
  return [
    { ...object(side, { type: { const: 'none' } }, ['type']), description: 'Nobody is asked' },
    {
      ...object(side, {
        type: { const: 'approvers' }, count: integer(1, MAX_COUNT), group: { ...TEXT, description: 'left out: of any group' }, role: side === 'request' ? { ...TEXT, default: 'approver' } : TEXT,
      }, ['type', 'count', ...(side === 'request' ? [] : ['role'])]),
      description: '`count` different people of the group who have the role',
    },
    branch('allOf', 'Every child is met, by different people'),
    branch('anyOf', 'One child is met'),
    {
      ...object(side, { type: { const: 'threshold' }, k: { type: 'integer', minimum: 1 }, of, weights: listOf(integer(1, MAX_COUNT), { minItems: 1, maxItems: MAX_NODES - 1, description: 'one for each child; left out: 1 each' }) }, ['type', 'k', 'of']),
      description: 'Children are met whose weights add up to at least `k`',
    },
    branch('sequence', 'As allOf; a step opens when all earlier ones are met'),
  ];
}

const documentForm = (side: Side, node: JsonSchema): JsonSchema => ({
  ...object(side, {
    tree: node,
    assuranceLevel: { ...LEVEL, description: 'The policies of this level, and of every lower one, are to be met too' },
    minimumDelayMs: duration(0, 'From the request to the first use'),
    approvalValidityMs: duration(1, 'An older approval does not count'),
    rejectionsToReject: { ...integer(1, MAX_REJECTIONS), default: 1 },
    requiredProof: { type: 'string', enum: PROOF_KINDS, default: 'token' },
    maxValidMs: integer(MIN_VALID_MS, MAX_DURATION_MS, 'Longest window that may be asked for'),
    maxUsageCount: integer(1, MAX_USES, 'Most uses that may be asked for'),
    allowedHours: HOURS,
    excludedGroups: listOf(TEXT, { maxItems: MAX_EXCLUDED_GROUPS, uniqueItems: true, description: 'Who is in one of them never counts' }),
    requireBinding: { type: 'boolean', default: false },
    allowUnprovenOrders: { type: 'boolean', default: false },
    evaluateEligibility: { type: 'string', enum: ELIGIBILITIES, default: 'atUse' },
    emergency: { ...object(side, { tree: node, reviewWithinMs: duration(1, 'An unreviewed use disables the key after it'), reviewers: node }, ['tree', 'reviewWithinMs', 'reviewers']), description: 'Another way to an approval, always with a reason' },
    remindAfterMs: duration(1, 'From the request to a reminder'),
    escalateAfterMs: duration(1, 'From the request to an escalation'),
    escalateTo: node,
  }, ['tree']),
  description: 'A tree with options',
});

const referenceForms = (side: Side): readonly JsonSchema[] => [
  { ...object(side, { ref: { type: 'string', pattern: POLICY_NAME.source }, version: { type: 'integer', minimum: 1 } }, ['ref']), description: 'A published policy; without a version the one in force when an operation is requested' },
  { ...object(side, { assuranceLevel: LEVEL }, ['assuranceLevel']), description: 'What the deployment demands for this level, and for every lower one' },
];

const NODE_REQUEST: JsonSchema = { $ref: '#/components/schemas/PolicyNode' };
const NODE_REQUESTS = nodeForms('request', NODE_REQUEST);
defineSchema('PolicyNode', { oneOf: NODE_REQUESTS });
/** Who must approve, as requests say it: a node or a document. */
export const POLICY_REQUEST = defineSchema('Policy', { oneOf: [...NODE_REQUESTS, documentForm('request', NODE_REQUEST)] });
/** The same, or a reference to a published policy or to a level. */
export const POLICY_SOURCE_REQUEST = defineSchema('ApprovalPolicy', { oneOf: [...NODE_REQUESTS, documentForm('request', NODE_REQUEST), ...referenceForms('request')] });

/** A node as answers say it: `group` of any group, and weights of 1 each, are left out. */
export const POLICY_NODE_ANSWER: JsonSchema = { $ref: '#/components/schemas/PolicyNodeInForce' };
const NODE_ANSWERS = nodeForms('answer', POLICY_NODE_ANSWER);
defineSchema('PolicyNodeInForce', { anyOf: NODE_ANSWERS });
/** Who must approve, as answers say it. */
export const POLICY_ANSWER = defineSchema('PolicyInForce', { anyOf: [...NODE_ANSWERS, documentForm('answer', POLICY_NODE_ANSWER)] });
/** What a key holds, as answers say it. */
export const POLICY_SOURCE_ANSWER = defineSchema('ApprovalPolicyInForce', { anyOf: [...NODE_ANSWERS, documentForm('answer', POLICY_NODE_ANSWER), ...referenceForms('answer')] });

export { nodeView, policySourceView, policyView } from './policy-view.js';
export type { PolicyNodeView, PolicySourceView, PolicyView } from './policy-view.js';
