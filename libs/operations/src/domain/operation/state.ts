import type { Instant } from '#kernel/clock.js';
import type { PolicyPrincipal } from '#policies/contract.js';
import type { StandIn } from '#identity/contract.js';
import type { DecisionChallenged, GivenProof, GrantedKey, Requested } from './events.js';

/** As the events tell it; what the clock makes of it is `statusAt`. */
export type OperationStatus = 'absent' | 'pending' | 'approved' | 'rejected' | 'revoked' | 'expired' | 'exhausted';

/** A grant with what has become of its uses. used = reserved + spent. */
export interface GrantState extends GrantedKey {
  readonly reserved: number;
  readonly spent: number;
}

/** A reservation whose order has no booked end yet. */
export interface OpenReservation {
  readonly keyId: string;
  readonly count: number;
  readonly bodyDigest: string;
}

export interface StandingDecision {
  readonly decision: 'approve' | 'reject';
  readonly by: PolicyPrincipal;
  readonly name: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly at: Instant;
  readonly comment: string | null;
  readonly proof?: GivenProof;
  readonly onBehalfOf?: StandIn;
  /** Of the groups that it told those that count, where a roster of its time says so; left out: all. */
  readonly held?: readonly string[];
}

/** As the decision told people at its time: a deputy with the groups of whom he stood in for. */
export const asTold = ({ by, onBehalfOf }: StandingDecision): PolicyPrincipal => (onBehalfOf === undefined ? by : { ...by, roles: ['approver'], groups: onBehalfOf.groups });

/** A signed approval that was not withdrawn, as those after it name it. */
export interface NamedApproval {
  /** Of its statement. */
  readonly digest: string;
  readonly by: PolicyPrincipal;
  /** Those that stood when it was given. */
  readonly after: readonly string[];
}

export interface ReviewState {
  readonly openedAt: Instant;
  readonly dueAt: Instant;
  readonly status: 'open' | 'justified' | 'not-justified' | 'overdue';
  /** Disabled for want of it. */
  readonly overdueKeys: readonly string[];
  readonly verdicts: readonly { readonly verdict: 'justified' | 'not-justified'; readonly by: PolicyPrincipal; readonly name: string | null; readonly at: Instant; readonly comment: string }[];
}

export interface OperationState {
  readonly status: OperationStatus;
  /** What was asked; null while absent. */
  readonly request: Requested['data'] | null;
  readonly grants: readonly GrantState[];
  /** Withdrawn ones are not in it. */
  readonly decisions: readonly StandingDecision[];
  /** Of an operation with a sequence, oldest first: signed approvals that were not withdrawn, also those that were given anew since. */
  readonly named: readonly NamedApproval[];
  /** By signOrderId; at most MAX_OPEN_RESERVATIONS (rule 4). */
  readonly open: ReadonlyMap<string, OpenReservation>;
  /** Unanswered challenges by their id, oldest first. */
  readonly challenges: ReadonlyMap<string, DecisionChallenged['data']>;
  /** Challenges that were answered: each counts once, for ever, also after a withdrawal (rule 25). */
  readonly answered: ReadonlySet<string>;
  /** Of the latest use by an emergency path; null: there was none. */
  readonly review: ReviewState | null;
  readonly reminded: boolean;
  readonly escalated: boolean;
  /** Whether any use was ever reserved: from then on an approval can't be withdrawn. */
  readonly everReserved: boolean;
}

export const initialOperation: OperationState = { status: 'absent', request: null, grants: [], decisions: [], named: [], open: new Map(), challenges: new Map(), answered: new Set(), review: null, reminded: false, escalated: false, everReserved: false };

/** Beyond this an order is refused with RATE_LIMITED until others have ended. */
export const MAX_OPEN_RESERVATIONS = 1000;
