export type { GrantedKey, OperationEvent, Settlement, SignatureFormat, SignedInput, UsesReserved } from './domain/operation/events.js';
export type { GrantState, OpenReservation, OperationState, OperationStatus } from './domain/operation/state.js';
export { initialOperation } from './domain/operation/state.js';
export { evolveOperation } from './domain/operation/evolve.js';
export { quorumOf, statusAt } from './domain/operation/status.js';
export { useRefusal } from './domain/operation/use.js';
export type { IntendedUse, Now } from './domain/operation/use.js';

/** The stream of an operation. */
export const operationStream = (operationId: string): string => `operation-${operationId}`;
export const OPERATION_PREFIX = 'operation-';
export { operationKind } from './application/operation-kind.js';
export { viewOperation } from './application/view-operation.js';
export type { OperationView, OperationViewState } from './application/operation-view.js';
export { OPERATION_EXECUTOR } from './application/operation-executor.js';
export type { OperationExecutor } from './application/operation-executor.js';
export { KEY_STATES } from './application/ports/key-states.port.js';
export type { KeyStates } from './application/ports/key-states.port.js';
export { RefusalRecorder } from './application/record-refusals/refusal-recorder.js';
export { personOf } from './application/person.js';
export { mayRead } from './application/may-read.js';
export { OPERATION_STATES } from './application/ports/operation-states.port.js';
export type { OperationStates } from './application/ports/operation-states.port.js';
export { operationDecider } from './domain/operation/decide.js';
