import type { Folded } from '#eventing/stream-states.js';
import type { OperationState } from '../../domain/operation/state.js';

/** Operations as their own streams tell them: authority is never taken from the read model. */
export interface OperationStates {
  /** From the leader. A missing operation has revision -1. @throws StoreUnavailableError */
  load(operationId: string): Promise<Folded<OperationState>>;
}
/** Injection token of the process's OperationStates. */
export const OPERATION_STATES = Symbol('OperationStates');
