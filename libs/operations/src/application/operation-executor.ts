import type { CommandExecutor } from '#eventing/command-executor.js';
import type { OperationCommand } from '../domain/operation/commands.js';
import type { OperationEvent } from '../domain/operation/events.js';
import type { OperationState } from '../domain/operation/state.js';

export type OperationExecutor = CommandExecutor<OperationCommand, OperationEvent, OperationState>;
/** Injection token of the process's OperationExecutor. */
export const OPERATION_EXECUTOR = Symbol('OperationExecutor');
