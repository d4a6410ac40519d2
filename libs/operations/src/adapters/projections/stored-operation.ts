import type { Requested } from '../../domain/operation/events.js';
import type { OperationState } from '../../domain/operation/state.js';
import { operationKind } from '../../application/operation-kind.js';

/** The folded state as two JSON texts: what was asked is large and never changes, the rest changes with every event. */
export interface StoredOperation {
  readonly request: string;
  readonly progress: string;
}

export function progressOf(state: OperationState): string {
  const { request: _request, ...progress } = operationKind.toJson(state) as { readonly request: unknown };
  return JSON.stringify(progress);
}
export const requestOf = (state: OperationState): string => JSON.stringify(state.request);

export function stateOf({ request, progress }: StoredOperation): OperationState {
  return operationKind.fromJson({ ...(JSON.parse(progress) as object), request: JSON.parse(request) as Requested['data'] } as never);
}
