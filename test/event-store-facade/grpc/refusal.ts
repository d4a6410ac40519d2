import { Metadata, status } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';

/** How a call ends with an error: the status, and the trailers from which the client makes the error's class. */
export type Refusal = StatusObject;

const refusal = (code: status, details: string, trailers: Readonly<Record<string, string>> = {}): Refusal => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata };
};

export const unavailable = (): Refusal => refusal(status.UNAVAILABLE, 'Server Is Not Ready');
export const unknown = (details: string): Refusal => refusal(status.UNKNOWN, details);
export const invalidArgument = (details: string): Refusal => refusal(status.INVALID_ARGUMENT, details);
export const notLeader = (host: string, port: number): Refusal =>
  refusal(status.NOT_FOUND, 'Leader info available.', { exception: 'not-leader', 'leader-endpoint-host': host, 'leader-endpoint-port': String(port) });
export const streamDeleted = (stream: string): Refusal =>
  refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });
export const wrongVersion = (stream: string, expected: number, actual: number): Refusal =>
  refusal(status.FAILED_PRECONDITION, `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    { exception: 'wrong-expected-version', 'stream-name': stream, 'expected-version': String(expected), 'actual-version': String(actual) });
export const appendTooLarge = (limit: number): Refusal =>
  refusal(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, { exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(limit) });
/** What a subscription gets from a server that does not fall back to catching up by itself: the client makes a TimeoutError of it. */
export const tooSlow = (): Refusal => refusal(status.ABORTED, 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.');
