import type { Actor } from '#kernel/actor.js';

export const ROLES = ['orderer', 'approver', 'administrator', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

/** A caller whose token was verified. Identity is (issuer, subject), never a name. */
export interface Principal extends Actor {
  readonly name: string | null;
  /** Roles of ROLES only; others in a token are ignored. */
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
  /** Limited to the issuer's `displayClaims`. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A principal as answers and statements show it. */
export interface PrincipalView {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
}
export const principalView = (p: Principal): PrincipalView => ({ issuer: p.issuer, subject: p.subject, name: p.name, claims: p.claims });

/** More roles from claims: every claim named in `match` equals its text, or fits it as a glob with `*`. */
export interface RoleRule {
  readonly match: Readonly<Record<string, string>>;
  readonly roles: readonly Role[];
}

/** Whose tokens are believed, and how their claims are read. Paths of claims are tried literally first, then by dots. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Null: discovered from the issuer. */
  readonly jwksUri: string | null;
  readonly rolesClaim: string;
  readonly groupsClaim: string;
  readonly nameClaim: string;
  readonly displayClaims: readonly string[];
  readonly rules: readonly RoleRule[];
}

/** Who is calling, from the Authorization header of a request. */
export interface TokenVerifier {
  /** @throws DomainError UNAUTHENTICATED, or IDENTITY_UNAVAILABLE while an issuer's keys were never had and can't be had */
  verify(authorizationHeader: string | undefined): Promise<Principal>;
}

export type { Credential, CredentialKey, PublicJwk } from './domain/credential.js';
export { CREDENTIAL_STATUSES } from './domain/credential.js';
export type { Directory, Relation, SeenClaims, StandIn } from './domain/directory.js';
export { accountKey, answerableFor, NOBODY_KNOWN, SIGHTING_LASTS_MS } from './domain/directory.js';

export type { AuthenticationResponseJSON, DecisionProof, ProofFault, RelyingParty } from './domain/proofs/decision-proof.js';
export type { ActStatement, DecisionStatement, OrderStatement } from './domain/proofs/statements.js';
export type { JwsVerdict, ProofVerifier } from './application/ports/proof-verifier.port.js';
export { PROOF_VERIFIER } from './application/ports/proof-verifier.port.js';
export type { CreationOptions, RegistrationVerdict, WebAuthnKey, WebAuthnRegistration } from './application/ports/webauthn-registration.port.js';
export { WEBAUTHN_REGISTRATION } from './application/ports/webauthn-registration.port.js';
export { canonical as canonicalJson, canonicalDigest, statementDigest } from './application/statements/canonical.js';
export { decisionStatement, parseDecisionStatement } from './application/statements/decision-statement.js';
export { actStatement, parseActStatement } from './application/statements/act-statement.js';
export { orderStatement } from './application/statements/order-statement.js';
export { kidOf } from './application/proofs/jws-parts.js';
export { parseDecisionProof } from './application/proofs/parse-decision-proof.js';
export { publicJwkOf } from './application/proofs/public-jwk.js';
export type { AssertionOptions } from './application/proofs/assertion-options.js';
export { assertionOptions } from './application/proofs/assertion-options.js';

export { PERSON_PREFIX, sightingKind } from './application/record-sightings/sighting-kind.js';
export { sightingDecider } from './domain/sightings/sighting.js';
export { Sightings } from './application/record-sightings/sightings.js';
export { SightingRecorder } from './application/record-sightings/sighting-recorder.js';
