import type { CommandMeta } from '#eventing/command-meta.js';
import type { Folded } from '#eventing/stream-states.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { unsatisfiable } from '#policies/contract.js';
import type { Principal, ProofVerifier } from '#identity/contract.js';
import type { ActCommand } from '../../domain/control-plane/commands.js';
import { later, proposalObjection } from '../../domain/control-plane/decide.js';
import type { Chain } from '../../domain/control-plane/decide.js';
import { effectOf, NO_SUCH_CALL } from '../../domain/control-plane/effect-of.js';
import type { Effect } from '../../domain/control-plane/effects.js';
import { approversNeeded } from '../../domain/control-plane/operation-authority.js';
import { isUnsatisfiable } from '../../domain/control-plane/policies.js';
import { planAct } from '../../domain/control-plane/plan.js';
import { weightOf } from '../../domain/control-plane/weight.js';
import { ADMINISTER } from '../act-request.js';
import type { ControlPlaneExecutor } from '../control-plane-executor.js';
import { describeEffect } from '../describe-effect.js';
import type { ProposedAct, ProposeOperation } from '../ports/propose-operation.port.js';
import { OPERATION_LIVES_MS } from '../settings.js';
import type { AdministrationSettings } from '../settings.js';
import { verifyActProof } from './verify-act-proof.js';

/** `done`: the control plane right after it. Else it awaits the approval of others, and is in force when they have given it. */
export type ActOutcome = { readonly done: Folded<Chain> } | { readonly operationId: string };

export interface AdministrationParts {
  readonly controlPlane: ControlPlaneExecutor;
  readonly operations: ProposeOperation;
  readonly verifier: ProofVerifier;
  readonly clock: TrustedClock;
  readonly settings: AdministrationSettings;
}

/** Every change of the control plane goes through here: at once, in a session, or as an operation of its own. */
export class Administration {
  constructor(private readonly parts: AdministrationParts) {}

  /** As the leader has it (rule 13). */
  fresh(): Promise<Folded<Chain>> {
    return this.parts.controlPlane.states.fresh(this.parts.settings.stream);
  }

  /** Whether keys too change by acts alone: where a quorum of two or more, or a genesis, asks for it. */
  async governs(): Promise<boolean> {
    const { plane } = (await this.fresh()).state;
    return plane.genesis !== null || (plane.quorum ?? this.parts.settings.quorum) > 1;
  }

  /**
   * @param act `proof` is the header `Countersign-Proof` as it was sent
   * @throws DomainError VALIDATION_FAILED, ROLE_REQUIRED, PROOF_REQUIRED, PROOF_INVALID, CREDENTIAL_NOT_ACTIVE, SESSION_REQUIRED, SESSION_ENDING, CONTROL_PLANE_MOVED, QUORUM_TOO_SMALL, and the effect's own
   */
  async act(meta: CommandMeta, caller: Principal, act: ProposedAct): Promise<ActOutcome> {
    const effect = this.effect(act);
    const folded = await this.fresh();
    const { plane, head } = folded.state;
    if (folded.answers.has(meta.commandId)) return { done: await this.append(meta, caller, act, null) };
    if (meta.keyed && (await this.parts.operations.hasProposed(meta))) return this.propose(meta, caller, act, effect, folded.state);
    const proof = act.proof === null ? null : await verifyActProof(act.proof, act, caller, plane, this.parts.verifier);
    const quorum = plane.quorum ?? this.parts.settings.quorum;
    const now = later(this.parts.clock.now().closing, plane);
    const plan = planAct(plane, effect, act, { by: caller, administrator: isAdministrator(caller), proof, quorum, now });
    if (plan instanceof DomainError) throw plan;
    if (plan.type !== 'needs-operation') return { done: await this.append(meta, caller, act, proof, weightOf(effect, plane) === 'relief') };
    if (proof !== null && proof.previous !== head) throw new DomainError('CONTROL_PLANE_MOVED', 'the proof names an older head of the control plane');
    const objection = proposalObjection(plane, effect, act, caller, now);
    if (objection instanceof DomainError) throw objection;
    return objection === 'already' ? { done: folded } : this.propose(meta, caller, act, effect, folded.state);
  }

  private effect(act: ProposedAct): Effect {
    const effect = effectOf(act.method, act.path, act.body);
    if ('faults' in effect) throw refusalOf(effect.faults);
    const { sessionMaxMs } = this.parts.settings;
    if (effect.type === 'session-opened' && effect.validMs > sessionMaxMs) throw invalid({ path: '/validMs', message: `must be at most ${sessionMaxMs}` });
    return effect;
  }

  private async append(meta: CommandMeta, caller: Principal, { method, path, body }: ProposedAct, proof: ActCommand['proof'], urgent = false): Promise<Folded<Chain>> {
    const { issuer, subject } = caller;
    const { folded } = await this.parts.controlPlane.execute({
      stream: this.parts.settings.stream,
      meta,
      urgent,
      build: (now) => ({
        type: 'act', act: { method, path, body }, by: { issuer, subject }, administrator: isAdministrator(caller), operation: null, proof, quorum: this.parts.settings.quorum, now: now.closing,
      }),
    });
    return folded;
  }

  private propose(meta: CommandMeta, caller: Principal, act: ProposedAct, effect: Effect, { plane }: Chain): Promise<{ readonly operationId: string }> {
    return this.parts.operations.propose(meta, caller, {
      action: ADMINISTER,
      resource: `${act.method} ${act.path}`,
      act: { method: act.method, path: act.path, body: act.body, proof: act.proof },
      description: describeEffect(effect),
      validMs: OPERATION_LIVES_MS,
      approvers: { count: approversNeeded(effect, plane, plane.quorum ?? this.parts.settings.quorum), excluding: effect.type === 'credential-enrolled' ? effect.owner : null, signed: plane.genesis !== null },
    });
  }
}

/** An id that can't be one is the id of nothing. */
function refusalOf(faults: readonly InputFault[]): DomainError {
  const shape = faults.filter((fault) => !isUnsatisfiable(fault));
  if (shape.length === 0) return unsatisfiable(faults.map(({ path, message }) => ({ path, message })));
  return shape.some((fault) => fault.path === NO_SUCH_CALL) ? new DomainError('NOT_FOUND', 'there is nothing here') : invalid(...shape);
}

const isAdministrator = (caller: Principal): boolean => caller.roles.includes('administrator');
