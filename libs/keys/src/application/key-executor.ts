import type { CommandExecutor } from '#eventing/command-executor.js';
import type { KeyCommand } from '../domain/key/commands.js';
import type { KeyEvent } from '../domain/key/events.js';
import type { KeyState } from '../domain/key/state.js';

export type KeyExecutor = CommandExecutor<KeyCommand, KeyEvent, KeyState>;
/** Injection token of the process's KeyExecutor. */
export const KEY_EXECUTOR = Symbol('KeyExecutor');
