import type { Actor } from '#kernel/actor.js';
import type { Credential } from '#identity/contract.js';

/** A credential as callers see it: its key is of no use to them. */
export interface CredentialView {
  readonly credentialId: string;
  readonly type: 'jwk' | 'webauthn';
  readonly label: string;
  readonly owner: Actor;
  readonly status: Credential['status'];
  readonly createdAt: string;
}

export const viewCredential = ({ credentialId, key, label, owner: { issuer, subject }, status, createdAt }: Credential): CredentialView => ({ credentialId, type: key.type, label, owner: { issuer, subject }, status, createdAt });
