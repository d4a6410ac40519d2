import type { RecordedEvent } from '#eventing/event-store.port.js';

/** When operations end, kept by the process manager that expires them. No read model: a rebuild does not touch it (rule 12). */
export interface ExpiryTimers {
  /** In one transaction with the checkpoint of the subscription `expire-operations` at `upTo`. */
  apply(change: { readonly set: readonly { readonly operationId: string; readonly dueAt: string }[]; readonly remove: readonly string[]; readonly upTo: RecordedEvent }): Promise<void>;
  /** Operations whose window ended at or before this time, oldest first. */
  due(before: string, limit: number): Promise<readonly string[]>;
  done(operationId: string): Promise<void>;
}
