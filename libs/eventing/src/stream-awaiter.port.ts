import type { RecordedEvent } from './event-store.port.js';

/** Waits for an event of a stream that another process, or another part of this one, will append. */
export interface StreamAwaiter {
  /**
   * The first wanted event of a stream at `fromRevision` or later, one that is there already included. Never rejects.
   * @returns undefined when there is none within `timeoutMs`, at once when too many wait: the caller looks by himself
   */
  until(stream: string, fromRevision: number, timeoutMs: number, wanted: (event: RecordedEvent) => boolean): Promise<RecordedEvent | undefined>;
  /** Like `until`, without looking at what is there: for who begins to wait before it can happen. */
  expect(stream: string, timeoutMs: number, wanted: (event: RecordedEvent) => boolean): ExpectedEvent;
}

export interface ExpectedEvent {
  /** Undefined when it did not come in time, or was cancelled. Never rejects. */
  readonly event: Promise<RecordedEvent | undefined>;
  /** Ends the wait. Changes nothing when it has ended. */
  cancel(): void;
}

/** Injection token of the process's StreamAwaiter. */
export const STREAM_AWAITER = Symbol('StreamAwaiter');
