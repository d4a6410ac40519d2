import { canonicalJson, statementDigest } from '#identity/contract.js';
import type { PrincipalView } from '#identity/contract.js';
import type { AdministrativeGrant, GrantedKey, Requested } from '../domain/operation/events.js';

/** What is asked, before it has its statement. */
export interface StatedRequest extends Pick<Requested['data'], 'operationId' | 'requestedAt' | 'notBefore' | 'expiresAt' | 'description' | 'approverContext' | 'binding'> {
  readonly deployment: string;
  readonly requestedBy: PrincipalView;
  readonly keyUsages: readonly GrantedKey[];
  readonly grants: readonly AdministrativeGrant[];
  /** Why the emergency paths are taken; null: they are not. */
  readonly emergency: string | null;
}

/**
 * The RFC 8785 form of what is asked and the base64 SHA-256 of its UTF-8 bytes: what an approver reads is what he decides on.
 */
export function requestStatement(asked: StatedRequest): { readonly statement: string; readonly digest: string } {
  const { deployment, operationId, requestedBy, requestedAt, notBefore, expiresAt, description, approverContext, keyUsages, binding, grants, emergency } = asked;
  const { issuer, subject, name, claims } = requestedBy;
  const statement = canonicalJson({
    type: 'countersign/request/v1',
    deployment,
    operationId,
    requestedBy: { issuer, subject, name, claims },
    requestedAt,
    notBefore,
    expiresAt,
    description,
    approverContext,
    // Members that an ordinary request has no use for are left out of it.
    keyUsages: keyUsages.map(({ keyId, algorithm, publicKeySha256, maxUsageCount, policy, policyName, policyVersion, demands }) => ({
      keyId, algorithm, publicKeySha256, maxUsageCount, policy,
      ...(policyName === undefined ? {} : { policyName }), ...(policyVersion === undefined ? {} : { policyVersion }), ...(demands === undefined ? {} : { demands }),
    })),
    ...(grants.length === 0 ? {} : { grants: grants.map(({ action, resource, policy, act, excluding }) => ({ action, resource, policy, act, excluding })) }),
    ...(emergency === null ? {} : { emergency: { reason: emergency } }),
    binding,
  });
  return { statement, digest: statementDigest(statement) };
}
