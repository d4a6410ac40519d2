import { sameActor } from '#kernel/actor.js';
import type { Principal, Role } from '#identity/contract.js';
import type { OperationState } from '../domain/operation/state.js';
import { isNamed } from '../domain/operation/status.js';

const READERS = new Set<Role>(['approver', 'administrator', 'auditor']);

/** Roles that see every operation. */
export const seesAll = (caller: Principal): boolean => caller.roles.some((role) => READERS.has(role));

/** Whether an operation, its sign orders and its trail are this caller's to read: its orderer's, of the roles above, or whom one of its policies names. */
export const mayRead = (state: OperationState, caller: Principal): boolean =>
  state.request !== null && (sameActor(state.request.requestedBy, caller) || seesAll(caller) || isNamed(state, caller));
