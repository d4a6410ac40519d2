import { randomBytes } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { derivedId } from '#eventing/ids.js';
import { DomainError } from '#kernel/domain-error.js';
import { assertionOptions, decisionStatement } from '#identity/contract.js';
import type { Credential } from '#identity/contract.js';
import { hasSequence } from '#policies/contract.js';
import { operationStream } from '../../streams.js';
import type { DecisionChallenged } from '../../domain/operation/events.js';
import { signedApprovals } from '../../domain/operation/sequence.js';
import type { OperationState } from '../../domain/operation/state.js';
import { allPolicies } from '../../domain/operation/status.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import { personOf } from '../person.js';
import { policiesDigest } from '../policy-digest.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { forDeciding } from '../mutual-approvals.js';
import { APPROVER_PAIRS } from '../ports/approver-pairs.port.js';
import type { ApproverPairs } from '../ports/approver-pairs.port.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { RefusalRecorder } from '../record-refusals/refusal-recorder.js';
import { ChallengeDecisionCommand } from './challenge-decision.command.js';
import type { DecisionChallengeView } from './challenge-decision.command.js';

const NONCE_BYTES = 24;

@CommandHandler(ChallengeDecisionCommand)
export class ChallengeDecisionHandler implements ICommandHandler<ChallengeDecisionCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(APPROVER_PAIRS) private readonly pairs: ApproverPairs,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    private readonly refusals: RefusalRecorder,
  ) {}

  async execute({ meta, caller, operationId, decision, credentialId }: ChallengeDecisionCommand): Promise<DecisionChallengeView> {
    const directory = await forDeciding(await this.controlPlane.fresh(), caller, this.pairs, this.clock.now().closing, true);
    const answerable = usable(directory.credentialsOf(caller), credentialId);
    const challengeId = derivedId('challenge', meta.commandId);
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const { audience } = this.controlPlane.relying;
    try {
      const { events, folded } = await this.operations.execute({
        stream: operationStream(operationId),
        meta,
        // Of the state that it is appended to: it names the decisions that stand then.
        build: (now, state) => ({ type: 'challenge', by: personOf(caller), challenge: { challengeId, decision, statement: stated(state, decision, nonce, audience, now.closing) }, unanswerable: answerable instanceof DomainError ? answerable : null, directory, now }),
      });
      const made = events[0]?.type === 'operations.decision-challenged.v1' ? events[0].data : folded.state.challenges.get(challengeId);
      if (made === undefined) throw new DomainError('CHALLENGE_USED', 'the challenge of this Idempotency-Key was answered');
      if (answerable instanceof DomainError) throw answerable;
      return this.view(made, answerable);
    } catch (error) {
      this.refusals.decision(operationId, meta.actor, error);
      throw error;
    }
  }

  private view({ challengeId, statement, expiresAt }: DecisionChallenged['data'], credentials: readonly Credential[]): DecisionChallengeView {
    const keys = credentials.flatMap(({ key }) => (key.type === 'webauthn' ? [key] : []));
    return { challengeId, statement, expiresAt, ...(keys.length === 0 ? {} : { webauthn: assertionOptions(statement, keys, this.controlPlane.relying) }) };
  }
}

/** The one that is named, or all that could sign; or why there is none. */
function usable(own: readonly Credential[], credentialId: string | null): readonly Credential[] | DomainError {
  if (credentialId === null) {
    const active = own.filter(({ status }) => status === 'active');
    return active.length > 0 ? active : new DomainError('CREDENTIAL_NOT_ACTIVE', 'you have no active credential');
  }
  const named = own.find((c) => c.credentialId === credentialId);
  if (named === undefined) return new DomainError('PROOF_INVALID', 'you have no such credential');
  if (named.status !== 'active') return new DomainError('CREDENTIAL_NOT_ACTIVE', `this credential is ${named.status}`);
  return [named];
}

/** The exact bytes for one decision over the state that it will be recorded in. While there is no operation, the decider refuses before they matter. */
function stated(state: OperationState, decision: 'approve' | 'reject', nonce: string, audience: string, at: string): string {
  const { request } = state;
  if (request === null) return '';
  const after = allPolicies(state).some(hasSequence) ? signedApprovals(state) : undefined;
  const digest = request.policyDigest ?? policiesDigest(request.keyUsages, request.grants ?? []);
  return decisionStatement({ operationId: request.operationId, requestDigest: request.requestDigest, policyDigest: digest, decision, nonce, audience, at, ...(after === undefined ? {} : { after }) });
}
