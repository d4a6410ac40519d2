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
