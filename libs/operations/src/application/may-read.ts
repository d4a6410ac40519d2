import { Inject, Injectable } from '@nestjs/common';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Directory, Principal, Role } from '#identity/contract.js';
import { isNamedForAnother } from '../domain/operation/decision.js';
import { isReviewer } from '../domain/operation/review.js';
import type { OperationState } from '../domain/operation/state.js';
import { isNamed } from '../domain/operation/status.js';
import { CONTROL_PLANE } from './ports/control-plane.port.js';
import type { ControlPlane } from './ports/control-plane.port.js';

const READERS = new Set<Role>(['approver', 'administrator', 'auditor']);

/** Roles that see every operation. */
export const seesAll = (caller: Principal): boolean => caller.roles.some((role) => READERS.has(role));

/** Whether an operation, its sign orders and its trail are this caller's to read: its orderer's, of the roles above, and theirs who are to decide or to review it, or stand in for whom a policy names. */
export const mayRead = (state: OperationState, caller: Principal, directory: Directory, now: Instant): boolean =>
  state.request !== null &&
  (sameActor(state.request.requestedBy, caller) || seesAll(caller) || isNamed(state, caller) || isNamedForAnother(state, caller, now, directory) || (state.review !== null && isReviewer(state, caller, directory)));

/** Who may read what. */
@Injectable()
export class OperationReaders {
  constructor(@Inject(CONTROL_PLANE) private readonly controlPlane: Pick<ControlPlane, 'known'>, @Inject(TRUSTED_CLOCK) private readonly clock: Pick<TrustedClock, 'now'>) {}

  /** @throws DomainError NOT_YOUR_OPERATION */
  admit(state: OperationState, caller: Principal): void {
    if (!mayRead(state, caller, this.controlPlane.known().directory, this.clock.now().closing)) throw new DomainError('NOT_YOUR_OPERATION', 'it is not yours to see');
  }
}
