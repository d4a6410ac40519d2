import type { ProposeOperation } from '#administration/application/ports/propose-operation.port.js';
import { derivedId } from '#eventing/ids.js';
import { OperationProposer } from '#operations/application/propose-operation/propose-operation.js';
import { operationStream } from '#operations/contract.js';
import type { ControlPlane, OperationExecutor } from '#operations/contract.js';
import type { Policy } from '#policies/contract.js';

/** Acts that need others' approval are operations like any: in the same queue, decided by the same call. */
export function proposalsAsOperations(operations: OperationExecutor, controlPlane: ControlPlane, deployment: string): ProposeOperation {
  const proposer = new OperationProposer(operations, controlPlane, deployment);
  return {
    async propose(meta, caller, { approvers: { count, excluding, signed }, ...proposal }) {
      const tree = { type: 'approvers', count, group: null, role: 'administrator' } as const;
      const policy: Policy = signed ? { tree, requiredProof: 'signature' } : tree;
      return { operationId: await proposer.propose(meta, caller, { ...proposal, policy, excluding: excluding === null ? [] : [excluding] }) };
    },
    hasProposed: async ({ commandId }) => (await operations.states.refresh(operationStream(derivedId('operation', commandId)))).revision >= 0,
  };
}
