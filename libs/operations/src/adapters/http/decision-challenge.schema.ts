import { Member, Named, listOf } from '#platform/http/schema/json-schema.js';
import { INSTANT, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { DecisionChallengeView } from '../../application/challenge-decision/challenge-decision.command.js';

const ALLOWED = { type: 'object', properties: { type: { const: 'public-key' }, id: { type: 'string' }, transports: listOf({ type: 'string' }) }, required: ['type', 'id'] };
const REQUEST_OPTIONS = {
  type: 'object',
  description: 'PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3), where the caller has an authenticator that fits',
  properties: { challenge: { type: 'string', description: 'base64url SHA-256 of the statement' }, rpId: { type: 'string' }, timeout: { type: 'integer' }, userVerification: { const: 'required' }, allowCredentials: listOf(ALLOWED) },
  required: ['challenge', 'rpId', 'timeout', 'userVerification', 'allowCredentials'],
};

@Named('DecisionChallenge', 'What to sign for one decision, once')
export class DecisionChallengeBody implements DecisionChallengeView {
  @Member(UUID) readonly challengeId: string;
  @Member({ ...TEXT, description: 'The exact bytes to sign, RFC 8785 JSON' }) readonly statement: string;
  @Member(INSTANT) readonly expiresAt: string;
  @Member(REQUEST_OPTIONS, { optional: true }) readonly webauthn?: NonNullable<DecisionChallengeView['webauthn']>;
}
