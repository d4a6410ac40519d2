import { canonicalDigest } from '#identity/contract.js';
import { LEVELS } from '#policies/contract.js';
import type { Level } from '#policies/contract.js';
import { Member, Named, orNull, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { POLICY_ANSWER, policyView } from '#platform/http/schema/policy.schema.js';
import type { PolicyView } from '#platform/http/schema/policy.schema.js';
import { BASE64, INSTANT, TEXT } from '#platform/http/schema/texts.js';
import { defaultLevel } from '../../domain/control-plane/levels.js';
import type { ControlPlaneState, PublishedPolicy } from '../../domain/control-plane/state.js';

@Named('PolicyVersion', 'One version of a named policy')
export class PolicyVersionBody {
  @Member(TEXT) readonly name: string;
  @Member({ type: 'integer', minimum: 1 }) readonly version: number;
  @Member({ ...BASE64, description: 'base64 SHA-256 of the policy’s RFC 8785 JSON' }) readonly digest: string;
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member(INSTANT) readonly publishedAt: string;
  @Member({ ...orNull(ref(ActorBody)), description: 'Null: at the ceremony' }) readonly publishedBy: ActorBody | null;
}

export const policyVersionBody = (name: string, { version, policy, by, at }: PublishedPolicy): PolicyVersionBody => ({
  name, version, digest: canonicalDigest(policyView(policy)), policy: policyView(policy), publishedAt: at, publishedBy: by === null ? null : { issuer: by.issuer, subject: by.subject },
});

@Named('AssuranceLevel', 'What a level demands at least; a key of it is under every lower one as well')
export class AssuranceLevelBody {
  @Member({ type: 'string', enum: LEVELS }) readonly level: Level;
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean', description: 'false: what it means where the deployment has said nothing' }) readonly set: boolean;
}

export function levelBody(level: Level, { levels }: ControlPlaneState): AssuranceLevelBody {
  const set = levels.get(level);
  return { level, policy: policyView(set ?? defaultLevel(level)), set: set !== undefined };
}

export const EXAMPLE_VERSION: PolicyVersionBody = {
  name: 'two-of-firmware', version: 1, digest: 'R5eVJMBTFQeh6Y6ykGS5P1DiJgZYBTOYzGBgIFyB0Vk=', policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
  publishedAt: '2026-11-20T12:00:00.000Z', publishedBy: { issuer: 'https://idp.example', subject: 'admin1' },
};
export const EXAMPLE_LEVEL: AssuranceLevelBody = { level: 'L2', policy: { type: 'approvers', count: 2, role: 'approver' }, set: false };
