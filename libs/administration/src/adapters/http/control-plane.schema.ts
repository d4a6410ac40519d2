import { ROLES } from '#identity/contract.js';
import type { Role, RoleRule, TrustedIssuer } from '#identity/contract.js';
import { Member, Named, listOf, orNull } from '#platform/http/schema/json-schema.js';
import { BASE64, COUNT, TEXT } from '#platform/http/schema/texts.js';

@Named('ControlPlane', 'Where the chain of acts stands')
export class ControlPlaneBody {
  @Member(TEXT) readonly deployment: string;
  @Member({ ...orNull(BASE64), description: 'What the next act’s proof names as `previous`: base64 SHA-256 of the RFC 8785 JSON of the last event’s type and data; null: nothing is there' }) readonly head: string | null;
  @Member(COUNT) readonly revision: number;
  @Member({ ...orNull({ type: 'string', pattern: '^[0-9a-f]{64}$' }), description: 'Digest of the genesis, as configurations pin it; null: none was laid' }) readonly genesis: string | null;
  @Member({ type: 'integer', minimum: 1, description: 'Administrators needed for a change' }) readonly quorum: number;
}

@Named('Quorum', 'Administrators needed for a change of the control plane')
export class QuorumBody {
  @Member({ type: 'integer', minimum: 1 }) readonly quorum: number;
}

interface IssuerView extends Omit<TrustedIssuer, 'jwksUri' | 'rules'> {
  readonly jwksUri?: string;
  readonly rules: readonly { readonly match: RoleRule['match']; readonly roles: readonly Role[] }[];
}
const RULE = { type: 'object', properties: { match: { type: 'object', additionalProperties: TEXT }, roles: listOf({ type: 'string', enum: ROLES }) }, required: ['match', 'roles'] };
const ISSUER = {
  type: 'object',
  properties: { issuer: TEXT, audience: TEXT, jwksUri: { ...TEXT, description: 'left out: discovered from the issuer' }, rolesClaim: TEXT, groupsClaim: TEXT, nameClaim: TEXT, displayClaims: listOf(TEXT), rules: listOf(RULE) },
  required: ['issuer', 'audience', 'rolesClaim', 'groupsClaim', 'nameClaim', 'displayClaims', 'rules'],
};

@Named('Issuers', 'Whose tokens are believed, and how their claims are read')
export class IssuersBody {
  @Member(listOf(ISSUER)) readonly issuers: readonly IssuerView[];
}

export const issuersBody = (issuers: readonly TrustedIssuer[]): IssuersBody => ({
  issuers: issuers.map(({ jwksUri, rules, ...issuer }) => ({ ...issuer, ...(jwksUri === null ? {} : { jwksUri }), rules: rules.map(({ match, roles }) => ({ match, roles })) })),
});

export const EXAMPLE_CONTROL_PLANE: ControlPlaneBody = { deployment: '5f0c3c3e-3b62-4a51-9d0b-1f2d3c4b5a69', head: 'R5eVJMBTFQeh6Y6ykGS5P1DiJgZYBTOYzGBgIFyB0Vk=', revision: 41, genesis: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', quorum: 2 };
export const EXAMPLE_ISSUERS: IssuersBody = {
  issuers: [{ issuer: 'https://idp.example', audience: 'countersign', rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name', displayClaims: ['repository'], rules: [{ match: { repository: 'acme/firmware' }, roles: ['orderer'] }] }],
};
