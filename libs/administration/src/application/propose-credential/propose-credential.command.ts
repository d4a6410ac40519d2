import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal, PublicJwk } from '#identity/contract.js';
import type { CredentialView } from '../credential-view.js';

/** A key as JSON, or what a browser answered to creation options. */
export type ProposedKey = { readonly type: 'jwk'; readonly publicJwk: PublicJwk } | { readonly type: 'webauthn'; readonly response: unknown };
export type ProposedCredential = CredentialView & { readonly operationId: string };

/**
 * A credential of the caller's, which administrators are to confirm.
 * @throws DomainError CREDENTIAL_EXISTS, PROOF_INVALID, CHALLENGE_MISMATCH, CHALLENGE_EXPIRED, CHALLENGE_USED, RATE_LIMITED
 */
export class ProposeCredentialCommand extends Command<ProposedCredential> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly label: string, readonly key: ProposedKey) {
    super();
  }
}
