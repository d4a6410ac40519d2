import { canonicalDigest } from '#identity/contract.js';
import type { AdministrativeGrant, GrantedKey } from '../domain/operation/events.js';
import { policiesOf } from '../domain/operation/status.js';

/** What a signed decision names of an operation's policies: the digest of the list of each resource with its policy's digest, in the request's order, a key's own policy before those of its level. */
export const policiesDigest = (keyUsages: readonly Pick<GrantedKey, 'keyId' | 'policy' | 'demands'>[], grants: readonly Pick<AdministrativeGrant, 'resource' | 'policy'>[]): string =>
  canonicalDigest([
    ...keyUsages.flatMap((k) => policiesOf(k).map((policy) => ({ resource: k.keyId, digest: canonicalDigest(policy) }))),
    ...grants.map((g) => ({ resource: g.resource, digest: canonicalDigest(g.policy) })),
  ]);
