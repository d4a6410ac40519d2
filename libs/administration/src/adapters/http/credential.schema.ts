import { publicJwkOf } from '#identity/contract.js';
import { Field, OK } from '#platform/http/fields/field.js';
import { OneOfField, PatternField, TextField } from '#platform/http/fields/text.field.js';
import { Rule } from '#platform/http/fields/rule.js';
import { PageQuery } from '#platform/http/page.dto.js';
import { Member, Named, ref } from '#platform/http/schema/json-schema.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { INSTANT, TEXT, UUID } from '#platform/http/schema/texts.js';
import { CREDENTIAL_STATUSES } from '#identity/contract.js';
import type { CredentialView } from '../../application/credential-view.js';

const JWK: JsonSchema = {
  type: 'object', description: 'EC P-256 or OKP Ed25519, without private members (RFC 7517)',
  properties: { kty: { type: 'string', enum: ['EC', 'OKP'] }, crv: { type: 'string', enum: ['P-256', 'Ed25519'] }, x: TEXT, y: TEXT }, required: ['kty', 'crv', 'x'],
};

/** One of `publicJwk` and `response`, as `type` says. */
@Named('CredentialRequest')
@Rule<CredentialDto>((body) => {
  const wanted = body.type === 'jwk' ? 'publicJwk' : 'response';
  const other = body.type === 'jwk' ? 'response' : 'publicJwk';
  if (body[wanted] === undefined) return [{ path: `/${wanted}`, message: 'is required' }];
  return body[other] === undefined ? OK : [{ path: `/${other}`, message: `does not go with ${body.type}` }];
})
export class CredentialDto {
  @OneOfField(['jwk', 'webauthn']) readonly type: 'jwk' | 'webauthn';
  @Field({
    optional: true, schema: JWK,
    check: (value) => {
      const read = publicJwkOf(value, '');
      return 'faults' in read ? read.faults : OK;
    },
  })
  readonly publicJwk?: unknown;
  @Field({ optional: true, schema: { type: 'object', description: 'A RegistrationResponseJSON, as the browser gives it' }, check: (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? OK : [{ path: '', message: 'must be a JSON object' }]) })
  readonly response?: unknown;
  @TextField(1, 200, { description: 'As administrators will see it' }) readonly label: string;
}

export class CredentialsQuery extends PageQuery {
  @PatternField(/^[^#\s]{1,2000}#[^\0]{1,255}$/, 'must be issuer#subject', { optional: true, description: '`issuer#subject`; left out: one’s own, and of administrators and auditors all that were confirmed' })
  readonly owner?: string;
}

@Named('Credential', 'With what somebody signs decisions, orders and acts')
export class CredentialBody implements CredentialView {
  @Member(TEXT) readonly credentialId: string;
  @Member({ type: 'string', enum: ['jwk', 'webauthn'] }) readonly type: 'jwk' | 'webauthn';
  @Member(TEXT) readonly label: string;
  @Member(ref(ActorBody)) readonly owner: ActorBody;
  @Member({ type: 'string', enum: CREDENTIAL_STATUSES }) readonly status: CredentialView['status'];
  @Member(INSTANT) readonly createdAt: string;
}

@Named('ProposedCredential', 'A credential that administrators are to confirm')
export class ProposedCredentialBody extends CredentialBody {
  @Member({ ...UUID, description: 'Which confirms it' }) readonly operationId: string;
}

export const EXAMPLE_CREDENTIAL: CredentialBody = {
  credentialId: '7c1f2a3b-8f0c-4a53-9a53-0b6c5d1f1f5e', type: 'jwk', label: 'Ana’s smart card', owner: { issuer: 'https://idp.example', subject: 'ana' }, status: 'active', createdAt: '2026-11-20T12:00:00.000Z',
};
export const EXAMPLE_PROPOSAL: ProposedCredentialBody = { ...EXAMPLE_CREDENTIAL, status: 'proposed', operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e' };
export const CREDENTIAL_REQUESTS = {
  'a key': { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, label: 'Ana’s smart card' },
  'a passkey': { type: 'webauthn', response: { id: 'AQID', rawId: 'AQID', type: 'public-key', response: { clientDataJSON: 'e30', attestationObject: 'o2Nm' } }, label: 'Ana’s laptop' },
};

const BINARY: JsonSchema = { type: 'string', description: 'base64url' };
const KNOWN: JsonSchema = { type: 'object', properties: { id: BINARY, type: { const: 'public-key' }, transports: { type: 'array', items: TEXT } }, required: ['id', 'type'] };
/** PublicKeyCredentialCreationOptionsJSON, WebAuthn Level 3, 5.1.8. */
export const CREATION_OPTIONS: JsonSchema = {
  type: 'object',
  description: 'As navigator.credentials.create takes it, by PublicKeyCredential.parseCreationOptionsFromJSON',
  properties: {
    rp: { type: 'object', properties: { id: TEXT, name: TEXT }, required: ['id', 'name'] },
    user: { type: 'object', properties: { id: BINARY, name: TEXT, displayName: TEXT }, required: ['id', 'name', 'displayName'] },
    challenge: BINARY,
    pubKeyCredParams: { type: 'array', items: { type: 'object', properties: { type: { const: 'public-key' }, alg: { type: 'integer' } }, required: ['type', 'alg'] } },
    timeout: { type: 'integer' },
    excludeCredentials: { type: 'array', items: KNOWN },
    authenticatorSelection: { type: 'object', properties: { residentKey: TEXT, requireResidentKey: { type: 'boolean' }, userVerification: TEXT }, required: ['residentKey', 'requireResidentKey', 'userVerification'] },
    attestation: TEXT,
  },
  required: ['rp', 'user', 'challenge', 'pubKeyCredParams', 'timeout', 'excludeCredentials', 'authenticatorSelection', 'attestation'],
};
export const EXAMPLE_OPTIONS = {
  rp: { id: 'countersign.example', name: 'Countersign' }, user: { id: 'YW5h', name: 'ana', displayName: 'Ana Ferreira' }, challenge: 'q83vEjRWeJq83vEjRWeJqg', pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  timeout: 300_000, excludeCredentials: [], authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' }, attestation: 'none',
};
