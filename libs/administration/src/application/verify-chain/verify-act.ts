import type { Instant } from '#kernel/clock.js';
import type { DomainError } from '#kernel/domain-error.js';
import { canonicalDigest, kidOf, parseActStatement } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { ActData } from '../../domain/control-plane/act.js';
import { leavesTooFew } from '../../domain/control-plane/administrators.js';
import { effectOf } from '../../domain/control-plane/effect-of.js';
import type { Effect } from '../../domain/control-plane/effects.js';
import { acted } from '../../domain/control-plane/evolve.js';
import { MIN_QUORUM } from '../../domain/control-plane/limits.js';
import { objectionTo } from '../../domain/control-plane/objection.js';
import { approversNeeded, countedDecisions } from '../../domain/control-plane/operation-authority.js';
import { actorRefusal, proofRefusal, sessionRefusal } from '../../domain/control-plane/plan.js';
import type { ProvenAct } from '../../domain/control-plane/plan.js';
import { readActData } from '../../domain/control-plane/read-act.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { weightOf } from '../../domain/control-plane/weight.js';
import type { Weight } from '../../domain/control-plane/weight.js';
import type { ActRequest } from '../act-request.js';
import { ChainBroken } from './chain-fault.js';
import type { ChainFault, ChainFaultCode } from './chain-fault.js';
import { linked } from './linked.js';
import type { ChainEvent, ChainOptions, VerifiedChain } from './verified-chain.js';
import { verifyOperation } from './verify-operation.js';

export interface After {
  readonly state: ControlPlaneState;
  /** From when it is in force. */
  readonly since: Instant;
  /** Why the act does not count, although it broke nothing. */
  readonly uncounted?: Uncounted;
}
type Uncounted = Omit<ChainFault, 'revision'>;

/** An act with all that is known of it before anybody asks whether it was allowed. */
interface Question {
  readonly state: ControlPlaneState;
  readonly effect: Effect;
  readonly weight: Weight;
  readonly act: ActData;
  readonly proof: ProvenAct | null;
}

/** What follows from a state alone. Once an act did not count here, the state is another than the one that its writer decided by. */
const OF_STATE: readonly ChainFaultCode[] = ['CREDENTIAL_NOT_ACTIVE', 'ACTOR_NOT_ALLOWED', 'SESSION_NOT_OPEN', 'QUORUM_NOT_MET', 'EFFECT_REFUSED'];

/** The state after an act that holds. @throws ChainBroken */
export async function verifyAct(chain: VerifiedChain, event: ChainEvent, options: ChainOptions): Promise<After> {
  const { state } = chain;
  const act = linked(chain, readActData(event.data));
  const effect = effectOf(act.method, act.path, act.body);
  if ('faults' in effect || event.type !== `administration.${effect.type}.v1`) throw new ChainBroken('EVENT_UNREADABLE', 'it says something else than it is named for');
  const at = inForceFrom(chain, event, act.at, options);
  const uncounted = (reason: Uncounted): After => ({ state: marked(state, act), since: at, uncounted: reason });
  try {
    const proof = act.proof === null ? null : await provenAct(act, chain, options.verifier);
    const request = act.authority.type === 'operation' ? await verifyOperation(state, act, act.authority, options.verifier) : undefined;
    const question = { state, effect, weight: weightOf(effect, state), act, proof };
    refuseAt(question, act.at);
    // Whether it was in time is a matter of clocks, which differ, and of what each verifier has seen: that breaks nothing.
    const reason = tooLate(state, act, request, options.firstSeenAt(event) ?? act.at) ?? takenBack(event, options) ?? (at === act.at ? undefined : refusalAt(question, at));
    return reason === undefined ? { state: { ...acted(state, effect, { ...act, at }), at: act.at }, since: at } : uncounted(reason);
  } catch (error) {
    if (chain.uncounted.length > 0 && error instanceof ChainBroken && OF_STATE.includes(error.code)) return uncounted({ code: error.code, detail: error.detail });
    throw error;
  }
}

/** When it was done, or first seen, whichever is earlier: who writes another time into an event gains nothing by it. Never before the one before it. */
export function inForceFrom({ since }: VerifiedChain, event: ChainEvent, at: Instant, { firstSeenAt }: ChainOptions): Instant {
  const seenAt = firstSeenAt(event) ?? at;
  const earlier = seenAt < at ? seenAt : at;
  return earlier > since ? earlier : since;
}

/** Of an act that does not count: its operation had its act, and that is all. */
const marked = (state: ControlPlaneState, { authority, at }: ActData): ControlPlaneState =>
  ({ ...state, operations: authority.type === 'operation' ? state.operations.with(authority.operationId) : state.operations, at });

/** @throws ChainBroken unless the act could be done at this time */
function refuseAt({ state, effect, weight, act, proof }: Question, at: Instant): void {
  refuse(proofRefusal(state, weight === 'relief' || weight === 'enrolment', act.by, proof), proof === null ? 'PROOF_MISSING' : 'CREDENTIAL_NOT_ACTIVE');
  refuse(actorRefusal(state, effect, { by: act.by, administrator: true }), 'ACTOR_NOT_ALLOWED');
  refuseAuthority({ state, effect, weight, act }, at);
  const objection = objectionTo(effect, state, act.by, at);
  refuse(objection === 'already' ? undefined : objection, 'EFFECT_REFUSED');
  if (leavesTooFew(state, acted(state, effect, { ...act, at }))) throw new ChainBroken('EFFECT_REFUSED', 'it leaves too few administrators');
}

function refuse(refusal: DomainError | undefined, code: ChainFaultCode): void {
  if (refusal !== undefined) throw new ChainBroken(code, refusal.detail);
}

function refusalAt(question: Question, at: Instant): Uncounted | undefined {
  try {
    refuseAt(question, at);
    return undefined;
  } catch (error) {
    if (error instanceof ChainBroken) return { code: error.code, detail: error.detail };
    throw error;
  }
}

function refuseAuthority({ state, effect, weight, act }: Omit<Question, 'proof'>, at: Instant): void {
  const { authority } = act;
  switch (authority.type) {
    case 'direct':
      if (weight !== 'relief' && weight !== 'own') throw new ChainBroken('QUORUM_NOT_MET', 'one administrator alone may not do this');
      return;
    case 'session':
      if (weight !== 'change') throw new ChainBroken('SESSION_NOT_OPEN', 'no session is enough for this');
      // Whether it is over is asked by when the act was seen.
      refuse(sessionRefusal(state, authority.sessionId, act.by, act, ''), 'SESSION_NOT_OPEN');
      return;
    case 'operation': {
      const counted = countedDecisions(state, act.by, authority.decisions, at).length;
      const needed = approversNeeded(effect, state, state.quorum ?? MIN_QUORUM);
      if (counted < needed || counted < authority.decisions.length) throw new ChainBroken('QUORUM_NOT_MET', `${counted} of ${authority.decisions.length} approvals count, ${needed} are needed`);
    }
  }
}

function tooLate({ sessions }: ControlPlaneState, { authority }: ActData, request: ActRequest | undefined, seenAt: Instant): Uncounted | undefined {
  if (authority.type === 'session' && seenAt >= (sessions.get(authority.sessionId)?.endsAt ?? '')) return { code: 'SESSION_OVER', detail: 'it was first seen after the end of its session' };
  return request !== undefined && seenAt >= request.expiresAt ? { code: 'OPERATION_OVER', detail: 'it was first seen after the end of its operation' } : undefined;
}

function takenBack(event: ChainEvent, options: ChainOptions): Uncounted | undefined {
  const why = options.takenBack?.(event);
  return why === undefined ? undefined : { code: 'TAKEN_BACK', detail: why };
}

/** What the proof says, when it is one over this very act by a credential that is known. */
async function provenAct({ proof, method, path, body, authority, previous }: ActData, { state, heads }: VerifiedChain, verifier: ProofVerifier): Promise<ProvenAct | null> {
  const credentialId = kidOf(proof);
  if (proof === null || credentialId === undefined) throw new ChainBroken('PROOF_INVALID', 'the proof names no credential');
  const credential = state.credentials.get(credentialId);
  if (credential === undefined) throw new ChainBroken('CREDENTIAL_NOT_ACTIVE', 'the proof is by no credential that is known');
  const verdict = await verifier.jws(proof, credential);
  if ('fault' in verdict) throw new ChainBroken('PROOF_INVALID', verdict.fault.detail);
  const parsed = parseActStatement(verdict.payload);
  if ('fault' in parsed) throw new ChainBroken('PROOF_INVALID', `the proof ${parsed.fault}`);
  const { statement } = parsed;
  const session = authority.type === 'session' ? authority.sessionId : null;
  const isOfThis = statement.method === method && statement.path === path && statement.bodyDigest === canonicalDigest(body) && statement.session === session;
  // That of an operation named the head at which it was proposed: whatever was before then must still be there.
  const isOfHere = authority.type === 'operation' ? statement.previous !== null && heads.has(statement.previous) : statement.previous === previous;
  if (!isOfThis || !isOfHere) throw new ChainBroken('PROOF_INVALID', 'the proof is over another act');
  return { credentialId, session };
}
