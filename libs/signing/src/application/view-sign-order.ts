import type { UsesReserved } from '#operations/contract.js';
import type { SignOrderState } from '../domain/sign-order/state.js';
import type { SignOrderView } from './sign-order-view.js';

/** An order that is reserved and not started. */
export const viewReserved = (r: UsesReserved['data']): SignOrderView => ({
  signOrderId: r.signOrderId, operationId: r.operationId, state: 'reserved', keyId: r.keyId, algorithm: r.algorithm, usesConsumed: r.count, requestedAt: r.requestedAt,
});

/** An order as its stream tells it; undefined while that has no event. */
export function viewSignOrder(state: SignOrderState): SignOrderView | undefined {
  const { facts, status } = state;
  if (facts === null || status === 'absent') return undefined;
  const { signOrderId, operationId, keyId, algorithm, requestedAt, count } = facts;
  const common = { signOrderId, operationId, keyId, algorithm, requestedAt };
  if (status === 'started') return { ...common, state: 'signing', usesConsumed: count };
  return {
    ...common,
    state: status,
    signatures: state.signatures,
    usesConsumed: state.spent,
    ...(state.endedAt === null ? {} : { at: state.endedAt }),
    ...(state.failure === null ? {} : { failure: state.failure }),
    ...(state.blockers.length === 0 ? {} : { blockers: state.blockers }),
    ...(state.findings.length === 0 ? {} : { findings: state.findings.map(({ by, finding, comment }) => ({ by, finding, comment })) }),
  };
}
