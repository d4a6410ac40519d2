import type { CommandExecutor } from '#eventing/command-executor.js';
import type { ControlPlaneCommand } from '../domain/control-plane/commands.js';
import type { Chain } from '../domain/control-plane/decide.js';
import type { ControlPlaneEvent } from '../domain/control-plane/events.js';

export type ControlPlaneExecutor = CommandExecutor<ControlPlaneCommand, ControlPlaneEvent, Chain>;
