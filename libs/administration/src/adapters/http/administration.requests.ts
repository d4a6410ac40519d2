import { POLICY_NAME } from '#policies/contract.js';
import { ROLES } from '#identity/contract.js';
import { defineSchema, listOf } from '#platform/http/schema/json-schema.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { POLICY_REQUEST } from '#platform/http/schema/policy.schema.js';
import { KEY_ID } from '#platform/http/schema/texts.js';
import { MAX_QUORUM, MIN_QUORUM } from '../../domain/control-plane/limits.js';
import { MAX_SESSION_MS } from '../../domain/control-plane/sessions.js';

// What requests hold. `effectOf` is what checks them; these say so to people.
const text = (maxLength = 200, minLength = 1): JsonSchema => ({ type: 'string', minLength, maxLength });
const object = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = Object.keys(properties), more: JsonSchema = {}): JsonSchema => ({ type: 'object', properties, required, additionalProperties: false, ...more });
const TIME: JsonSchema = { type: 'string', format: 'date-time', description: 'RFC 3339, any offset' };
const ACCOUNT = defineSchema('AccountRequest', object({ issuer: text(2_000), subject: text(255) }));
const accounts = (description: string, minItems = 0): JsonSchema => listOf(ACCOUNT, { minItems, maxItems: 1_000, description });

export const PUBLISH_POLICY = defineSchema('PublishPolicyRequest', object({ name: { type: 'string', pattern: POLICY_NAME.source }, policy: POLICY_REQUEST }));
export const SET_LEVEL = defineSchema('AssuranceLevelRequest', object({ policy: POLICY_REQUEST }));
export const SET_ROSTER = defineSchema('RosterRequest', object({ members: accounts('Who fills slots of the group in policies that ask for a proof') }));
export const SET_PERSON = defineSchema('PersonRequest', object({
  accounts: accounts('Are one human. Left out: as they are', 1),
  owns: accounts('Machines of his, whose operations he never approves. Left out: as they are'),
  status: { type: 'string', enum: ['active', 'suspended'], description: 'Left out: as it is. `suspended` alone is at once' },
}, []));
export const SET_SEPARATION = defineSchema('SeparationRequest', object({
  exclusive: listOf(listOf(text(), { minItems: 2, maxItems: 2 }), { maxItems: 100, description: 'No one in both groups of a pair decides' }),
  mutualWithinDays: { type: 'integer', minimum: 0, maximum: 3_650, description: 'Two people do not approve each other’s operations within so many days; 0: they may' },
}));
const RULE = object({ match: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] }, minProperties: 1, maxProperties: 20 }, roles: listOf({ type: 'string', enum: ROLES }, { minItems: 1, maxItems: ROLES.length }) });
export const SET_ISSUERS = defineSchema('IssuersRequest', object({
  issuers: listOf(object({
    issuer: text(2_000), audience: text(255), jwksUri: text(2_000), rolesClaim: text(255), groupsClaim: text(255), nameClaim: text(255), displayClaims: listOf(text(255), { maxItems: 50 }), rules: listOf(RULE, { maxItems: 100 }),
  }, ['issuer', 'audience']), { minItems: 1, maxItems: 100 }),
}));
export const SET_QUORUM = defineSchema('QuorumRequest', object({ quorum: { type: 'integer', minimum: MIN_QUORUM, maximum: MAX_QUORUM } }));
export const REASON = defineSchema('AdministrationReason', object({ reason: text(2_000) }));
export const NAME_DEPUTY = defineSchema('DeputyRequest', object({ deputy: ACCOUNT, groups: listOf(text(), { minItems: 1, maxItems: 50 }), from: TIME, until: TIME, reason: text(2_000) }));
const ADMINISTER_GRANT = object({ action: { const: 'administer' }, resource: { type: 'string', description: 'A method and a path, as in `PUT /v1/roster/*`: `*` is any one segment' } });
const SIGN_GRANT = object({ action: { const: 'sign' }, resource: KEY_ID, maxUsageCount: { type: 'integer', minimum: 1, maximum: 1_000_000 } });
export const OPEN_SESSION = defineSchema('AdministrationSessionRequest', object({
  purpose: text(2_000), validMs: { type: 'integer', minimum: 60_000, maximum: MAX_SESSION_MS }, grants: listOf({ oneOf: [ADMINISTER_GRANT, SIGN_GRANT] }, { minItems: 1, maxItems: 50 }),
}));

export const ACCOUNT_EXAMPLE = { issuer: 'https://idp.example', subject: 'ana' };
