import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { PROOF_VERIFIER } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { personOf } from '../person.js';
import type { OfferedProof } from '../../domain/operation/challenge.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { forDeciding } from '../mutual-approvals.js';
import { APPROVER_PAIRS } from '../ports/approver-pairs.port.js';
import type { ApproverPairs } from '../ports/approver-pairs.port.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { verifyOffered } from './verify-offered.js';
import { RefusalRecorder } from '../record-refusals/refusal-recorder.js';
import { DecideOperationCommand } from './decide-operation.command.js';

@CommandHandler(DecideOperationCommand)
export class DecideOperationHandler implements ICommandHandler<DecideOperationCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(APPROVER_PAIRS) private readonly pairs: ApproverPairs,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    @Inject(PROOF_VERIFIER) private readonly verifier: ProofVerifier,
    private readonly refusals: RefusalRecorder,
  ) {}

  async execute({ meta, caller, operationId, decision, requestDigest, comment, proof: given }: DecideOperationCommand): Promise<OperationView> {
    const by = personOf(caller);
    const directory = await forDeciding(await this.controlPlane.fresh(), caller, this.pairs, this.clock.now().closing, true);
    let proof: OfferedProof | null = null;
    try {
      const executed = await this.operations.execute({
        stream: operationStream(operationId),
        meta,
        precheck: async ({ state }) => {
          // Over the very state that the decision is taken on: what was verified is what is stored.
          proof = given === null ? null : await verifyOffered(given, caller, state, directory, this.verifier, this.controlPlane.relying);
          return 'new';
        },
        build: (now) => ({ type: 'decide', decision, by, requestDigest, comment, proof, directory, now }),
      });
      return answer(executed.folded, directory);
    } catch (error) {
      this.refusals.decision(operationId, meta.actor, error);
      throw error;
    }
  }
}
