import type { ApprovedActs } from '#administration/application/ports/approved-acts.port.js';
import { operationStream } from '#operations/contract.js';
import type { OperationExecutor } from '#operations/contract.js';

/** Approved operations that are about an act, as their own streams tell them. */
export const approvedActs = (operations: OperationExecutor): ApprovedActs => ({
  async find(operationId) {
    const { state } = await operations.states.refresh(operationStream(operationId));
    const act = state.request?.grants?.[0]?.act;
    if (state.request === null || act === null || act === undefined || state.status !== 'approved') return undefined;
    const decisions = state.decisions.filter((d) => d.decision === 'approve').map((d) => ({ by: { issuer: d.by.issuer, subject: d.by.subject }, proof: d.proof ?? null }));
    return { operationId, act, by: state.request.requestedBy, statement: state.request.personal.statement, expiresAt: state.request.expiresAt, decisions };
  },
});
