import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Act, Authority } from './act.js';
import { isAdministrator } from './administrators.js';
import type { Effect } from './effects.js';
import { isSuspended, personOf } from './people-of.js';
import { covers, isOpen, sessionFor } from './sessions.js';
import type { ControlPlaneState } from './state.js';
import { weightOf } from './weight.js';

/** What a verified `Countersign-Proof` says; that it is over this very act is known. */
export interface ProvenAct {
  readonly credentialId: string;
  readonly session: string | null;
}

export interface Standing {
  readonly by: Actor;
  /** By his token; where a genesis was laid, the roster must have him as well. */
  readonly administrator: boolean;
  readonly proof: ProvenAct | null;
  /** Administrators that a change needs. */
  readonly quorum: number;
  /** Closing time (rule 14). */
  readonly now: Instant;
}

/** How an act may be done, or that it has to become an operation of its own. */
export type Plan = Exclude<Authority, { type: 'operation' }> | { readonly type: 'needs-operation' };

/** What an act needs before it may be done by whoever asks for it. */
export function planAct(state: ControlPlaneState, effect: Effect, act: Act, standing: Standing): Plan | DomainError {
  const { by, proof, quorum, now } = standing;
  const weight = weightOf(effect, state);
  const refusal = actorRefusal(state, effect, standing) ?? proofRefusal(state, weight === 'relief' || weight === 'enrolment', by, proof);
  if (refusal !== undefined) return refusal;
  const named = proof?.session ?? null;
  // What stands in the chain under another authority than its proof names would break it for every signer, for ever.
  if (weight !== 'change' && weight !== 'weakening') return named !== null ? inNoSession() : { type: weight === 'relief' || weight === 'own' ? 'direct' : 'needs-operation' };
  if (named !== null) return weight === 'weakening' && quorum > 1 ? needsItsOwn() : sessionRefusal(state, named, by, act, now) ?? endingRefusal(state, named, now) ?? { type: 'session', sessionId: named };
  if (quorum <= 1) return { type: 'direct' };
  const session = weight === 'change' && proof === null ? sessionFor(state, by, act, now) : undefined;
  return session === undefined ? { type: 'needs-operation' } : { type: 'session', sessionId: session.sessionId };
}

const needsItsOwn = (): DomainError => new DomainError('SESSION_REQUIRED', 'it may let through what was refused before: an operation of its own, with no session in its proof');

const inNoSession = (): DomainError => new DomainError('SESSION_REQUIRED', 'this is done in no session: name none in its proof');

/** Signers count an act by when they see it: it needs time to come to them, and clocks differ. */
const SEEN_WITHIN_MS = 60_000;

/** By when signers have seen what is done now; without a genesis they don't ask. */
export const seenBy = ({ genesis }: ControlPlaneState, now: Instant): Instant => (genesis === null ? now : new Date(Date.parse(now) + SEEN_WITHIN_MS).toISOString());

const endingRefusal = (state: ControlPlaneState, sessionId: string, now: Instant): DomainError | undefined =>
  seenBy(state, now) < (state.sessions.get(sessionId)?.endsAt ?? '') ? undefined : new DomainError('SESSION_ENDING', 'the session ends within 60 s: signers might see the act too late to count it');

/** Why this session does not carry the act; undefined: it does. */
export function sessionRefusal(state: ControlPlaneState, sessionId: string, by: Actor, act: Act, now: Instant): DomainError | undefined {
  const session = state.sessions.get(sessionId);
  if (session === undefined || !isOpen(session, now)) return new DomainError('SESSION_REQUIRED', 'there is no such open session');
  if (!sameActor(session.openedBy, by)) return new DomainError('SESSION_REQUIRED', 'a session is used by who opened it');
  return covers(session, act) ? undefined : new DomainError('SESSION_REQUIRED', `the session does not name ${act.method} ${act.path}`);
}

export function actorRefusal(state: ControlPlaneState, effect: Effect, { by, administrator }: Pick<Standing, 'by' | 'administrator'>): DomainError | undefined {
  if (isSuspended(state, by)) return new DomainError('NOT_ELIGIBLE', 'you are suspended');
  if (isOwners(state, effect, by)) return undefined;
  if (effect.type === 'credential-enrolled') return new DomainError('NOT_ELIGIBLE', 'everybody proposes his own credentials');
  return administrator && isAdministrator(state, by) !== false ? undefined : new DomainError('ROLE_REQUIRED', 'this needs an administrator');
}

/** Whether it is its actor's own matter. */
function isOwners(state: ControlPlaneState, effect: Effect, by: Actor): boolean {
  const same = (other: Actor | undefined): boolean => other !== undefined && personOf(state, other) === personOf(state, by);
  if (effect.type === 'deputy-named') return true;
  if (effect.type === 'credential-enrolled') return sameActor(effect.owner, by);
  if (effect.type === 'deputy-withdrawn') return same(state.deputies.get(effect.deputyId)?.principal);
  if (effect.type === 'credential-suspended' || effect.type === 'credential-revoked') return same(state.credentials.get(effect.credentialId)?.owner);
  return false;
}

/** Rule 25: what takes power away needs the token alone; rule 22: all else bears its actor's proof, where a genesis was laid. */
export function proofRefusal(state: ControlPlaneState, tokenIsEnough: boolean, by: Actor, proof: ProvenAct | null): DomainError | undefined {
  if (proof === null) return state.genesis === null || tokenIsEnough ? undefined : new DomainError('PROOF_REQUIRED', 'this deployment has a genesis: send Countersign-Proof, over the head that GET /v1/control-plane tells');
  const credential = state.credentials.get(proof.credentialId);
  return credential?.status === 'active' && sameActor(credential.owner, by) ? undefined : new DomainError('CREDENTIAL_NOT_ACTIVE', 'the proof is by no active credential of yours');
}
