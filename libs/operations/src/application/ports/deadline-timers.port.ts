import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { DeadlineKind } from '../../domain/operation/deadlines.js';

export interface Deadline {
  readonly operationId: string;
  readonly kind: DeadlineKind;
}

/** When operations are looked at again, kept by the process manager that does so. No read model: a rebuild does not touch it (rule 12). */
export interface DeadlineTimers {
  /** In one transaction with the checkpoint of the subscription `keep-deadlines` at `upTo`. One timer for each operation and kind: the latest counts. */
  apply(change: { readonly set: readonly (Deadline & { readonly dueAt: string })[]; readonly upTo: RecordedEvent }): Promise<void>;
  /** What is due at or before this time, oldest first. */
  due(before: string, limit: number): Promise<readonly (Deadline & { readonly dueAt: string })[]>;
  /** Removes a timer, unless it was set anew since. */
  done(deadline: Deadline & { readonly dueAt: string }): Promise<void>;
}
