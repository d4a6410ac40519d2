import type { MessagePort } from 'node:worker_threads';
/**
 * What travels between a client and the thread of the log: arrays of requests one way, arrays of answers the other.
 * Tuples and JSON text, so that a structured clone is little more than a copy of strings. Positions are numbers here
 * (bytes written so far, far below 2^53) and become bigint at the client; -1 stands for a stream without events.
 */
export type WireEvent = readonly [position: number, stream: string, revision: number, id: string, type: string, data: string, metadata: string];
export type WireNewEvent = readonly [id: string, type: string, data: string, metadata: string];

export interface AppendRequest {
  readonly kind: 'append';
  readonly n: number;
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly WireNewEvent[];
  readonly bytes: number;
}
export interface ReadStreamRequest {
  readonly kind: 'read-stream';
  readonly n: number;
  readonly stream: string;
  /** Inclusive; undefined is the first event, or the head when `backward`. */
  readonly from: number | undefined;
  readonly limit: number;
  readonly backward: boolean;
}
export interface ReadAllRequest {
  readonly kind: 'read-all';
  readonly n: number;
  /** Exclusive; undefined is the beginning, or the end when `backward`. */
  readonly from: number | undefined;
  readonly limit: number;
  readonly backward: boolean;
  readonly prefixes: readonly string[];
}
export interface ReadAtRequest {
  readonly kind: 'read-at';
  readonly n: number;
  readonly position: number;
}
export interface StoreIdRequest {
  readonly kind: 'store-id';
  readonly n: number;
}
/** The next events after `after`. With nothing there it is answered at once (`wait` 0) or parked for at most `wait` ms. */
export interface PullRequest {
  readonly kind: 'pull';
  readonly n: number;
  readonly after: number;
  readonly prefixes: readonly string[];
  readonly limit: number;
  readonly wait: number;
}
/** Forgets the parked pull `n`; not answered. */
export interface CancelRequest {
  readonly kind: 'cancel';
  readonly n: number;
}
export type ReadRequest = ReadStreamRequest | ReadAllRequest | ReadAtRequest | StoreIdRequest | PullRequest;
export type LogRequest = AppendRequest | ReadRequest | CancelRequest;

/** A bounded part of what was asked for: unless `end`, the rest is read from `cursor` on. */
export interface Page {
  readonly kind: 'page';
  readonly events: readonly WireEvent[];
  readonly cursor: number;
  readonly end: boolean;
}
/** `drained`: everything up to `head`, the last position of the store (0 when empty), has been looked through. */
export interface Pulled {
  readonly kind: 'pulled';
  readonly events: readonly WireEvent[];
  readonly cursor: number;
  readonly drained: boolean;
  readonly head: number;
}
export interface Appended {
  readonly kind: 'appended';
  readonly revision: number;
  readonly position: number;
}
export interface Conflict {
  readonly kind: 'conflict';
  readonly actual: number;
}
/** Nothing was written. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}
export interface OutcomeUnknown {
  readonly kind: 'unknown';
  readonly reason: string;
}
export interface StoreIdentity {
  readonly kind: 'store-id';
  readonly storeId: string;
}
export type AppendOutcome = Appended | Conflict | Unavailable | OutcomeUnknown;
export type LogAnswer = AppendOutcome | Page | Pulled | StoreIdentity;
export interface Numbered {
  readonly n: number;
  readonly answer: LogAnswer;
}

/** To the thread, past the ports of its clients. */
export type ControlMessage = { readonly kind: 'attach'; readonly port: MessagePort } | { readonly kind: 'close' };
/** From the thread: once, when the log is open or can't be opened. */
export type StartupMessage = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly reason: string };
