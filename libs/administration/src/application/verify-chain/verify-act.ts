import { DomainError } from '#kernel/domain-error.js';
import { canonicalDigest, kidOf, parseActStatement } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { ActData } from '../../domain/control-plane/act.js';
import { leavesTooFew } from '../../domain/control-plane/administrators.js';
import { effectOf } from '../../domain/control-plane/effect-of.js';
import type { Effect } from '../../domain/control-plane/effects.js';
import { acted } from '../../domain/control-plane/evolve.js';
import { objectionTo } from '../../domain/control-plane/objection.js';
import { actorRefusal, proofRefusal, sessionPlan } from '../../domain/control-plane/plan.js';
import type { ProvenAct } from '../../domain/control-plane/plan.js';
import { readActData } from '../../domain/control-plane/read-act.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { weightOf } from '../../domain/control-plane/weight.js';
import type { Weight } from '../../domain/control-plane/weight.js';
import { ChainBroken } from './chain-fault.js';
import type { ChainFaultCode } from './chain-fault.js';
import { linked } from './linked.js';
import type { ChainEvent, ChainOptions, VerifiedChain } from './verified-chain.js';
import { verifyOperation } from './verify-operation.js';

interface After {
  readonly state: ControlPlaneState;
  readonly uncounted?: { readonly code: ChainFaultCode; readonly detail: string };
}

/** The state after an act that holds. @throws ChainBroken */
export async function verifyAct(chain: VerifiedChain, event: ChainEvent, { verifier, firstSeenAt }: ChainOptions): Promise<After> {
  const { state } = chain;
  const act = linked(chain, readActData(event.data));
  const effect = effectOf(act.method, act.path, act.body);
  if ('faults' in effect || event.type !== `administration.${effect.type}.v1`) throw new ChainBroken('EVENT_UNREADABLE', 'it says something else than it is named for');
  const weight = weightOf(effect, state);
  const proof = act.proof === null ? null : await provenAct(act, chain, verifier);
  refuse(proofRefusal(state, weight === 'relief' || weight === 'enrolment', act.by, proof), proof === null ? 'PROOF_MISSING' : 'CREDENTIAL_NOT_ACTIVE');
  refuse(actorRefusal(state, effect, { by: act.by, administrator: true }), 'ACTOR_NOT_ALLOWED');
  const seenAt = firstSeenAt(event) ?? act.at;
  const late = await authorityHolds(state, effect, weight, act, seenAt, verifier);
  const objection = objectionTo(effect, state, act.by, act.at);
  refuse(objection === 'already' ? undefined : objection, 'EFFECT_REFUSED');
  const after = acted(state, effect, act);
  if (leavesTooFew(state, after)) throw new ChainBroken('EFFECT_REFUSED', 'it leaves too few administrators');
  if (late !== undefined) return { state: { ...state, at: act.at }, uncounted: late };
  return { state: seenAt < act.at ? shortened(after, state, seenAt) : after };
}

function refuse(refusal: DomainError | undefined, code: ChainFaultCode): void {
  if (refusal !== undefined) throw new ChainBroken(code, refusal.detail);
}

/** What the proof says, when it is one over this very act by a credential that is known. */
async function provenAct({ proof, method, path, body, authority, previous }: ActData, { state, heads }: VerifiedChain, verifier: ProofVerifier): Promise<ProvenAct | null> {
  const credential = state.credentials.get(kidOf(proof) ?? '');
  if (proof === null || credential === undefined) throw new ChainBroken('PROOF_INVALID', 'the proof is by no credential that is known');
  const verdict = await verifier.jws(proof, credential);
  if ('fault' in verdict) throw new ChainBroken('PROOF_INVALID', verdict.fault.detail);
  const parsed = parseActStatement(verdict.payload);
  if ('fault' in parsed) throw new ChainBroken('PROOF_INVALID', `the proof ${parsed.fault}`);
  const { statement } = parsed;
  const session = authority.type === 'session' ? authority.sessionId : null;
  const isOfThis = statement.method === method && statement.path === path && statement.bodyDigest === canonicalDigest(body) && statement.session === session;
  // That of an operation named the head at which it was proposed: whatever was before then must still be there.
  const isOfHere = authority.type === 'operation' ? statement.previous !== null && heads.includes(statement.previous) : statement.previous === previous;
  if (!isOfThis || !isOfHere) throw new ChainBroken('PROOF_INVALID', 'the proof is over another act');
  return { credentialId: credential.credentialId, session };
}

/** @returns why the act does not count, although it broke nothing @throws ChainBroken */
async function authorityHolds(state: ControlPlaneState, effect: Effect, weight: Weight, act: ActData, seenAt: string, verifier: ProofVerifier): Promise<After['uncounted']> {
  const { authority } = act;
  switch (authority.type) {
    case 'direct':
      if (weight !== 'relief' && weight !== 'own') throw new ChainBroken('QUORUM_NOT_MET', 'one administrator alone may not do this');
      return undefined;
    case 'session': {
      if (weight !== 'change') throw new ChainBroken('SESSION_NOT_OPEN', 'no session is enough for this');
      // Whether it is over is a matter of clocks, which differ: that breaks nothing.
      const plan = sessionPlan(state, authority.sessionId, act.by, act, '');
      if (plan instanceof DomainError) throw new ChainBroken('SESSION_NOT_OPEN', plan.detail);
      const endsAt = state.sessions.get(authority.sessionId)?.endsAt ?? '';
      return seenAt < endsAt && act.at < endsAt ? undefined : { code: 'SESSION_OVER', detail: 'it was first seen after the end of its session' };
    }
    case 'operation':
      await verifyOperation(state, effect, act, authority, verifier);
      return undefined;
  }
}

/** A session that this act opened lasts from when it was seen, whatever time the act bears. */
function shortened(after: ControlPlaneState, before: ControlPlaneState, seenAt: string): ControlPlaneState {
  if (after.sessions === before.sessions) return after;
  const opened = [...after.sessions].filter(([id]) => !before.sessions.has(id)).map(([id, session]) => {
    const lasts = Date.parse(session.endsAt) - Date.parse(session.openedAt);
    return [id, { ...session, openedAt: seenAt, endsAt: new Date(Date.parse(seenAt) + lasts).toISOString() }] as const;
  });
  return { ...after, sessions: new Map([...after.sessions, ...opened]) };
}
