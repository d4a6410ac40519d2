import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';

/** Opaque and growing within one store, with gaps: compare two of one store, never add to one, never compare across stores. */
export type Position = bigint;

/** What is known of an event beside what happened. */
export interface EventMetadata {
  /** The command that caused it (rule 3). */
  readonly commandId: string;
  /** SHA-256 of the canonical body of the request that carried the command, base64; absent for our own processes. */
  readonly bodyDigest?: string;
  readonly actor: Actor;
  /** The writer's clock, never earlier than what it had seen before (rule 14). */
  readonly at: Instant;
  /** The HTTP request or the process step, for logs. */
  readonly requestId?: string;
  /** The step of a trace that it came from, as W3C's `traceparent`. For looking on alone: nothing is decided by it. */
  readonly traceparent?: string;
}

export interface NewEvent {
  /** UUID. All that the store compares when an append is sent again. */
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** 0 for the first event of a stream. */
  readonly revision: number;
  readonly position: Position;
}

export type ExpectedRevision = 'no-stream' | number;

export interface AppendResult {
  /** Revision of the last event of this append. */
  readonly revision: number;
  /** Position of the last event of this append. */
  readonly position: Position;
}

export type SubscriptionMessage =
  /** In order of position; at most `batch` of them. */
  | { readonly kind: 'events'; readonly events: readonly RecordedEvent[] }
  /** Everything that was there when it was sent has been delivered. May come any number of times. `position` is undefined in an empty store. */
  | { readonly kind: 'caught-up'; readonly position: Position | undefined };

/**
 * An append-only log of streams, by EventStoreDB's rules.
 *
 * Appends are atomic, concern one stream, and are durable before they are answered; nobody sees an event before that.
 * An append at revision r (or 'no-stream') is decided against the head of the stream; when the head lies beyond r, and the stored
 * ids from r+1 on equal the ids sent, it is a success that wrote nothing (the answer to a resend), else a ConflictError.
 */
export interface EventStore {
  /** A random id made when the store was created; checkpoints name it. */
  storeId(): Promise<string>;
  /**
   * @param events 1 or more, less than MAX_APPEND_BYTES as JSON together
   * @throws ConflictError, AppendTooLargeError, StoreUnavailableError (nothing was written), OutcomeUnknownError (send the identical batch again)
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** Events of one stream, from the leader; `[]` for a missing stream. Forward from revision `from` (0), or backward from it (the head). */
  readStream(stream: string, options: { readonly from?: number; readonly limit: number; readonly direction?: 'forward' | 'backward' }): Promise<readonly RecordedEvent[]>;
  /** Events of all streams, or of those whose name starts with one of `prefixes`; forward: those after `from`, backward: those before it. */
  readAll(options: { readonly from?: Position; readonly limit: number; readonly direction?: 'forward' | 'backward'; readonly prefixes?: readonly string[] }): Promise<readonly RecordedEvent[]>;
  /** The event at exactly this position, if there is one: how a checkpoint is found again (rule 12). */
  readAt(position: Position): Promise<RecordedEvent | undefined>;
  /** Live events after `after` (from the beginning without it). Ends when `signal` aborts; throws StoreUnavailableError when it breaks: subscribe again. */
  subscribe(options: { readonly after?: Position; readonly prefixes?: readonly string[]; readonly batch?: number; readonly signal: AbortSignal }): AsyncIterable<SubscriptionMessage>;
}

/** Upper bound of one append, data and metadata together (EventStoreDB refuses 1 MiB). */
export const MAX_APPEND_BYTES = 1_000_000;

/** Another event stands where this append was to go. `actual` is the head's revision, undefined for a missing stream. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  constructor(readonly stream: string, readonly expected: ExpectedRevision, readonly actual: number | undefined) {
    super(`${stream}: expected ${expected}, is ${actual ?? 'no stream'}`);
  }
}

/** Refused before it was sent; nothing was written. */
export class AppendTooLargeError extends Error {
  override readonly name = 'AppendTooLargeError';
  constructor(readonly bytes: number) {
    super(`an append of ${bytes} bytes is over the limit of ${MAX_APPEND_BYTES}`);
  }
}

/** The store can't be asked now, and certainly wrote nothing. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** It may or may not have been written: only the identical batch, sent again, tells. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** Injection token of the process's EventStore. */
export const EVENT_STORE = Symbol('EventStore');
