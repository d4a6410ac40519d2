import type { Folded } from '#eventing/stream-states.js';
import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { OperationState } from '../domain/operation/state.js';
import type { OperationView } from './operation-view.js';
import { viewOperation } from './view-operation.js';

/**
 * The view that a command answers with: as it is at the time of its last event, so that the same command always gives the same answer.
 * @param now given by queries, which tell what the clock makes of it
 * @throws DomainError OPERATION_NOT_FOUND
 */
export function answer({ state, revision, at }: Folded<OperationState>, directory: Directory, now: Instant | null = at): OperationView {
  const view = now === null ? undefined : viewOperation(state, revision, now, directory);
  if (view === undefined) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
  return view;
}
