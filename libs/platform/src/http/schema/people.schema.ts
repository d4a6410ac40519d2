import type { Actor } from '#kernel/actor.js';
import type { PrincipalView } from '#identity/contract.js';
import { Member, Named, orNull } from './json-schema.js';

@Named('Principal', 'Who did something, as his token said it then')
export class PrincipalBody implements PrincipalView {
  @Member({ type: 'string' }) readonly issuer: string;
  @Member({ type: 'string' }) readonly subject: string;
  @Member(orNull({ type: 'string' })) readonly name: string | null;
  @Member({ type: 'object', description: 'Limited to the issuer’s displayClaims', additionalProperties: true }) readonly claims: Readonly<Record<string, unknown>>;
}

@Named('Actor', 'Who caused an event; the service itself under the issuer urn:countersign:system')
export class ActorBody implements Actor {
  @Member({ type: 'string' }) readonly issuer: string;
  @Member({ type: 'string' }) readonly subject: string;
}

export const EXAMPLE_ORDERER: PrincipalView = { issuer: 'https://idp.example', subject: 'repo:acme/firmware', name: 'Release pipeline', claims: { repository: 'acme/firmware' } };
export const EXAMPLE_APPROVER: PrincipalView = { issuer: 'https://idp.example', subject: 'approver-1', name: 'Ada Approver', claims: {} };
