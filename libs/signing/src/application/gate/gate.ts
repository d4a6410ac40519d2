import type { ControlPlaneState } from '#administration/contract.js';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { KeyState } from '#keys/contract.js';
import { emergencyPolicy, operationStream, policiesOf } from '#operations/contract.js';
import type { Now, OperationState } from '#operations/contract.js';
import { asksProof, optionsOf } from '#policies/contract.js';
import type { PinnedPolicy, PolicySource } from '#policies/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';
import { LedgerUnavailableError } from '../ports/ledger.port.js';
import type { ReliedEvent } from '../ports/ledger.port.js';
import type { OpenOrder } from '../sign/open-order.js';
import { approvalFaults } from './approval-faults.js';
import type { CheckedProofs } from './checked-proofs.js';
import { endingSeen } from './ending.js';
import type { Evidence } from './evidence.js';
import { coversAll } from './covers-all.js';
import { judge } from './judge.js';
import { limitFaults } from './limit-faults.js';
import { asksOrderProof, orderFault } from './order-proof.js';
import { policiesIn } from './plane.js';
import type { Plane } from './plane.js';
import type { PlaneFeed } from './plane-feed.js';
import { requestFaults } from './request-faults.js';
import { rootSession } from './root-session.js';
import type { SessionUse } from './root-session.js';
import type { StandingNotes } from './standing-notes.js';

export type GateVerdict =
  | { readonly holds: true; /** Of the control plane, where it has any event. */ readonly relied: readonly ReliedEvent[]; /** Of a root key: counted by session as well. */ readonly session: SessionUse | undefined }
  | { readonly holds: false; /** One at least. */ readonly blockers: readonly Blocker[] }
  /** Only time is in the way (rule 25): until then the order stays reserved. */
  | { readonly waits: Instant };

export interface GateDeps {
  /** The control plane, verified up to what the signer has seen. */
  readonly plane: Pick<PlaneFeed, 'current' | 'follow' | 'refresh' | 'doubt' | 'stream' | 'warning'>;
  readonly proofs: CheckedProofs;
  readonly verifier: ProofVerifier;
  readonly notes: StandingNotes;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** A key that was just made is bound within seconds: so long an order of it waits, where it would be halted. */
const BOUND_WITHIN_MS = 10_000;
/** Clocks of two processes may differ by so much, and an act may come between a request and the time that it bears. */
const BESIDE_MS = 60_000;

/**
 * The signer's own judgement of an order, from events alone (rules 20 to 25): what the api decided is no argument. Where nobody is asked for a proof it is that of the
 * engine, over the same world. What throws in here is a refusal to whoever asks.
 */
export class Gate {
  constructor(readonly deps: GateDeps) {}

  /**
   * @param digests what is still to be signed
   * @throws StoreUnavailableError, OutcomeUnknownError, LedgerUnavailableError: nothing is known then. What it can't make sense of is refused.
   */
  async judge(order: OpenOrder, digests: readonly string[], evidence: Evidence, key: KeyState, now: Now): Promise<GateVerdict> {
    try {
      return await this.judged(order, digests, evidence, key, now);
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError || error instanceof LedgerUnavailableError) throw error;
      this.deps.log({ signOrderId: order.signOrderId, error }, 'an order could not be judged');
      return no(blocker('POLICY_TAMPERED', 'what is stored of the operation could not be judged'));
    }
  }

  private async judged(order: OpenOrder, digests: readonly string[], evidence: Evidence, key: KeyState, now: Now): Promise<GateVerdict> {
    const plane = await this.deps.plane.current();
    if (plane.fault !== undefined) return no(blocker('CONTROL_PLANE_BROKEN', plane.fault));
    if (plane.lacks !== undefined) return no(blocker('STORE_BEHIND', plane.lacks));
    const { operation } = evidence;
    const { request } = operation;
    const grant = operation.grants.find((g) => g.keyId === order.keyId);
    if (request === null || grant === undefined) return no(blocker('OPERATION_REVOKED', 'the operation does not cover this key'));
    const inForce = policiesNow(plane, order.keyId, key);
    if (inForce === undefined) return no(blocker('CONTROL_PLANE_BROKEN', `the control plane permits no key ${order.keyId}, or its policy names what is not there`, 'administrators'));
    const pinned = policiesOf(grant);
    const proven = [...operation.grants.flatMap(policiesOf), ...inForce.map((one) => one.policy)].some((policy) => asksProof(policy, plane.minimumProof));
    const over = await this.endingFaults(operation, order.operationId, proven, plane);
    const faults = [...(proven ? this.storedFaults(order, evidence, request, plane) : []), ...policyFaults(plane, order.keyId, request, grant), ...limitFaults(request, grant)];
    if (faults.length > 0) return no(...faults);
    const pair = await this.pairFaults(order, proven, plane, key, now);
    faults.push(...over, ...('waits' in pair ? [] : pair));
    const faultOf = proven ? await approvalFaults(evidence, request, plane, this.deps) : () => undefined;
    const firstSight = proven ? await this.deps.notes.firstSight(request, now.opening) : null;
    const asked = isExempt(plane, order.keyId, request, grant, firstSight) ? [] : inForce;
    const judgement = judge({ evidence, key, keyId: order.keyId, count: order.count, digests, plane, pinned, inForce: asked, proven, faultOf, firstSight, now });
    if ('blockers' in judgement) faults.push(...judgement.blockers);
    if (proven && asksOrderProof(request, [...pinned, ...inForce.map((one) => one.policy)], plane.minimumProof)) faults.push(...defined(await orderFault(order, request, plane, this.deps.proofs)));
    // What the control plane permitted the key for: its own stream could say another.
    const session = (plane.state.keys.get(order.keyId)?.purpose ?? key.purpose) === 'root' || key.purpose === 'root' ? rootSession(plane.state, order.keyId, now) : undefined;
    if (session !== undefined && 'code' in session) faults.push(session);
    if (faults.length > 0) return no(...faults);
    if ('waits' in pair) return pair;
    if ('waits' in judgement) return judgement;
    return { holds: true, relied: plane.head === undefined ? [] : [plane.head], session: session as SessionUse | undefined };
  }

  /** Rule 21: the stream is whole and this operation's, and says what approvers read. */
  private storedFaults({ operationId }: OpenOrder, { whole }: Evidence, request: NonNullable<OperationState['request']>, plane: Plane): readonly Blocker[] {
    if (!whole) return [blocker('POLICY_TAMPERED', `STREAM_TRUNCATED: ${operationStream(operationId)} does not begin with its request, or has a gap`)];
    return requestFaults(request, operationId, plane.deployment);
  }

  /**
   * What signers know beside the event store of its being over; where nobody has a credential, and no proof is asked, nobody could have told them. What its own stream says of it is judged
   * with the rest, and holds for every store to come.
   */
  private async endingFaults(operation: OperationState, operationId: string, proven: boolean, { state, directory }: Plane): Promise<readonly Blocker[]> {
    const seen = endingSeen(operation, directory);
    if (seen !== undefined && proven) await this.deps.notes.ended(operationId, seen);
    const ending = seen === undefined && (proven || state.credentials.size > 0) ? await this.deps.notes.ending(operationId) : undefined;
    return ending === undefined ? [] : [blocker('OPERATION_REVOKED', `it is over: ${ending}`)];
  }

  /** Under a genesis a key signs with the pair that the control plane has for it and a signer found on its token: what the key's own stream says is anybody's, whatever its policy asks. */
  private async pairFaults({ keyId, publicKeySha256, requestedAt }: OpenOrder, proven: boolean, { state }: Plane, key: KeyState, now: Now): Promise<readonly Blocker[] | { readonly waits: Instant }> {
    if (state.genesis === null && !proven) return [];
    const bound = state.keys.get(keyId)?.publicKeySha256 ?? (state.genesis === null ? publicKeySha256 : undefined);
    const found = await this.deps.notes.pairOf(keyId);
    if (bound === undefined || (found === undefined && state.genesis !== null)) {
      const until = new Date(Date.parse(requestedAt) + BOUND_WITHIN_MS).toISOString();
      return now.closing < until ? { waits: until } : [blocker('BINDING_MISMATCH', `no signer has bound a key pair of its token to ${keyId}`, 'operator')];
    }
    const same = [bound, found ?? publicKeySha256, key.publicKeySha256].every((one) => one === publicKeySha256);
    return same ? [] : [blocker('BINDING_MISMATCH', `the key pair is not the one that was bound to ${keyId}`, 'operator')];
  }
}

const no = (...blockers: readonly Blocker[]): GateVerdict => ({ holds: false, blockers });
const defined = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

/** By the control plane; where no genesis was laid, and it does not know the key, by the key's own stream. */
function policiesNow(plane: Plane, keyId: string, key: KeyState): readonly PinnedPolicy[] | undefined {
  const source: PolicySource | undefined = plane.state.keys.get(keyId)?.policy ?? (plane.state.genesis === null ? key.approvalPolicy : undefined);
  return source === undefined ? undefined : policiesIn(plane.state, source);
}

const covered = new WeakMap<NonNullable<OperationState['request']>, { readonly state: ControlPlaneState; readonly keyId: string }>();

/** The policies that an operation was pinned are those that the key was under when it was asked for, or stronger ones. What came since is asked for beside them. */
function policyFaults(plane: Plane, keyId: string, request: NonNullable<OperationState['request']>, grant: OperationState['grants'][number]): readonly Blocker[] {
  if (!plane.state.keys.has(keyId)) return [];
  // It follows from the request and the control plane alone: while both are the same, for every order.
  const known = covered.get(request);
  if (known?.state === plane.state && known.keyId === keyId) return [];
  if (wasPinned(plane, keyId, request, grant, request.requestedAt)) {
    covered.set(request, { state: plane.state, keyId });
    return [];
  }
  return [blocker('POLICY_TAMPERED', `the policy of ${keyId} that is stored with the operation is weaker than the one that the control plane had for it`)];
}

/** Whether the policies of an operation are what the key was under about this time. */
function wasPinned(plane: Plane, keyId: string, request: NonNullable<OperationState['request']>, grant: OperationState['grants'][number], at: Instant): boolean {
  const { policy, policyName: name = null, policyVersion: version = null, demands = [] } = grant;
  const pinned: readonly PinnedPolicy[] = [{ policy, name, version, level: null }, ...demands];
  const ms = Date.parse(at);
  return plane.between(new Date(ms - BESIDE_MS).toISOString(), new Date(ms + BESIDE_MS).toISOString()).some((state) => {
    const source = state.keys.get(keyId)?.policy;
    const then = source === undefined ? undefined : policiesIn(state, source);
    if (then === undefined) return false;
    return coversAll(pinned, request.emergency === true ? then.map((one) => ({ ...one, policy: emergencyPolicy(one.policy) ?? one.policy })) : then);
  });
}

/**
 * Policies that look at their decisions alone go on as they were pinned. Not when they were another's by the time that a signer first saw the request: a time that a request bears is
 * what somebody wrote.
 */
function isExempt(plane: Plane, keyId: string, request: NonNullable<OperationState['request']>, grant: OperationState['grants'][number], firstSight: Instant | null): boolean {
  if (!policiesOf(grant).every((policy) => optionsOf(policy).evaluateEligibility === 'atDecision')) return false;
  return firstSight === null || !plane.state.keys.has(keyId) || wasPinned(plane, keyId, request, grant, firstSight);
}
