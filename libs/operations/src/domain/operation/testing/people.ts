import { directoryOf, initialControlPlane } from '#administration/contract.js';
import { accountKey } from '#identity/contract.js';
import type { Credential, Directory, SeenClaims } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { at, ISSUER } from './given-operation.js';

/** People as a test tells them, by subjects of one issuer. */
export interface Society {
  /** Accounts and machines of humans. */
  readonly people?: readonly { readonly accounts: readonly string[]; readonly owns?: readonly string[]; readonly suspended?: boolean }[];
  /** Left out: no genesis was laid. */
  readonly rosters?: Readonly<Record<string, readonly string[]>>;
  /** By deputyId. */
  readonly deputies?: Readonly<Record<string, { readonly principal: string; readonly deputy: string; readonly groups: readonly string[] }>>;
  readonly exclusive?: readonly (readonly [string, string])[];
  /** What tokens told lately: groups, by subject. */
  readonly seen?: Readonly<Record<string, readonly string[] | SeenClaims>>;
  /** Owners and status by credentialId. */
  readonly credentials?: Readonly<Record<string, { readonly owner: string; readonly status: Credential['status'] }>>;
}

export const account = (subject: string): Actor => ({ issuer: ISSUER, subject });

/** What a control plane with these people answers. */
export function directoryFor({ people = [], rosters, deputies = {}, exclusive = [], seen = {}, credentials = {} }: Society): Directory {
  const genesis = rosters === undefined ? null : { deployment: 'd', createdAt: at('00:00'), rpId: 'r', origin: 'https://r', minimumProof: 'token' as const, digest: '' };
  const state = {
    ...initialControlPlane, genesis, separation: { exclusive, mutualWithinDays: 0 },
    people: new Map(people.map(({ accounts, owns = [], suspended = false }, i) => [`p${i}`, { accounts: accounts.map(account), owns: owns.map(account), status: suspended ? ('suspended' as const) : ('active' as const) }])),
    rosters: new Map(Object.entries(rosters ?? {}).map(([group, members]) => [group, members.map(account)])),
    deputies: new Map(Object.entries(deputies).map(([deputyId, { principal, deputy, groups }]) => [deputyId, { deputyId, principal: account(principal), deputy: account(deputy), groups, from: at('00:00'), until: at('23:59'), reason: 'r', withdrawnAt: null }])),
    credentials: new Map(Object.entries(credentials).map(([credentialId, { owner, status }]) => [credentialId, { credentialId, owner: account(owner), label: 'l', status, createdAt: at('00:00'), key: { type: 'jwk' as const, publicJwk: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: credentialId } } }])),
  };
  const told = new Map(Object.entries(seen).map(([subject, claims]) => [accountKey(account(subject)), Array.isArray(claims) ? { at: at('12:00'), roles: ['approver'], groups: claims as readonly string[] } : (claims as SeenClaims)]));
  return directoryOf(state, { seen: (one) => told.get(accountKey(one)), accounts: () => [] });
}
