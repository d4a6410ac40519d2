import { defineSchema } from '#platform/http/schema/json-schema.js';

const TEXT = { type: 'string', minLength: 1 };

/** How an approver proves a decision. Members of a browser's answer that are not used are passed over. */
export const DECISION_PROOF = defineSchema('DecisionProof', {
  oneOf: [
    {
      type: 'object',
      properties: { type: { const: 'jws' }, challengeId: TEXT, jws: { ...TEXT, description: 'Compact JWS (RFC 7515), ES256 or EdDSA, kid the credential’s id, payload the bytes of the statement' } },
      required: ['type', 'challengeId', 'jws'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: {
        type: { const: 'webauthn' },
        challengeId: TEXT,
        response: {
          type: 'object',
          description: 'AuthenticationResponseJSON (WebAuthn Level 3) whose challenge is the SHA-256 of the statement',
          properties: {
            id: TEXT, rawId: TEXT, type: { const: 'public-key' },
            response: { type: 'object', properties: { clientDataJSON: TEXT, authenticatorData: TEXT, signature: TEXT, userHandle: { type: ['string', 'null'] } }, required: ['clientDataJSON', 'authenticatorData', 'signature'] },
            authenticatorAttachment: { type: ['string', 'null'] }, clientExtensionResults: { type: 'object' },
          },
          required: ['id', 'rawId', 'type', 'response'],
        },
      },
      required: ['type', 'challengeId', 'response'],
      additionalProperties: false,
    },
  ],
});
