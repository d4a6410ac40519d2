import type { PolicyNode } from './policy-node.js';

/** Assurance levels, weakest first: a level asks for its own policy and for those of every lower one. */
export const LEVELS = ['L0', 'L1', 'L2', 'L3'] as const;
export type Level = (typeof LEVELS)[number];

/** What an approval brings with it, weakest first: the caller's token, a signature of a credential of his, one of a WebAuthn credential. */
export const PROOF_KINDS = ['token', 'signature', 'webauthn'] as const;
export type ProofKind = (typeof PROOF_KINDS)[number];

/** `atUse`: an approver counts while he still is who he was; `atDecision`: what he was when he approved is enough. */
export const ELIGIBILITIES = ['atDecision', 'atUse'] as const;
export type Eligibility = (typeof ELIGIBILITIES)[number];

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** When keys may be used: on these days of this time zone, from `from` (inclusive) until `to` (exclusive), HH:MM. */
export interface AllowedHours {
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
  readonly days: readonly Day[];
  readonly from: string;
  /** `24:00` is the end of the day; earlier than `from`: on the next day, and `days` names the day on which it begins. */
  readonly to: string;
}

/** Another way to an approval, for emergencies: always with a reason, and reviewed afterwards. */
export interface Emergency {
  readonly tree: PolicyNode;
  /** Milliseconds after which an unreviewed use disables the key. */
  readonly reviewWithinMs: number;
  readonly reviewers: PolicyNode;
}

/** What a policy asks for beyond its tree, whole. Null: no such demand. Durations are milliseconds. */
export interface PolicyOptions {
  /** Level whose policies, and those of every lower one, are to be met too. */
  readonly assuranceLevel: Level | null;
  /** From the request, or where a proof is asked from the signer's first sight of it, until the first use. */
  readonly minimumDelayMs: number;
  /** An older approval does not count. */
  readonly approvalValidityMs: number | null;
  readonly rejectionsToReject: number;
  readonly requiredProof: ProofKind;
  /** Longest window that may be asked for. */
  readonly maxValidMs: number | null;
  /** Most uses that may be asked for. */
  readonly maxUsageCount: number | null;
  readonly allowedHours: AllowedHours | null;
  /** Who is in one of them never counts. */
  readonly excludedGroups: readonly string[];
  /** Only operations that are bound to their digests. */
  readonly requireBinding: boolean;
  /** Sign orders of unbound operations need no proof of the orderer, although the policy asks for proofs. */
  readonly allowUnprovenOrders: boolean;
  readonly evaluateEligibility: Eligibility;
  readonly emergency: Emergency | null;
  readonly remindAfterMs: number | null;
  readonly escalateAfterMs: number | null;
  /** Whom an escalation tells: its approvers nodes name them. */
  readonly escalateTo: PolicyNode | null;
}

export const NO_OPTIONS: PolicyOptions = {
  assuranceLevel: null, minimumDelayMs: 0, approvalValidityMs: null, rejectionsToReject: 1, requiredProof: 'token', maxValidMs: null, maxUsageCount: null, allowedHours: null,
  excludedGroups: [], requireBinding: false, allowUnprovenOrders: false, evaluateEligibility: 'atUse', emergency: null, remindAfterMs: null, escalateAfterMs: null, escalateTo: null,
};

/** The options as a document holds them: those that are left out have the value of NO_OPTIONS. */
export type GivenOptions = { readonly [K in keyof PolicyOptions]?: NonNullable<PolicyOptions[K]> };
