import { AccessDeniedError, MaxAppendSizeExceededError, NotLeaderError, StreamDeletedError, StreamNotFoundError, TimeoutError, UnavailableError, CancelledError, WrongExpectedVersionError } from '@eventstore/db-client';
import { AppendTooLargeError, ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { ExpectedRevision } from '#eventing/event-store.port.js';
import { TooLateError } from './within.js';

const INVALID_ARGUMENT = 3;

/** What may be told of a failed connection. The client's and the server's own words are not repeated: nobody knows what stands in them. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ECONNRESET|Connection dropped/, 'connection lost'],
  [/ENOTFOUND|EAI_AGAIN|[Nn]ame resolution/, 'host name not found'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'host not reachable'],
  [/certificate has expired|CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/self-signed certificate|self signed certificate/, 'its certificate is self-signed'],
  [/unable to (?:verify|get)/, 'its certificate cannot be verified'],
  [/does not match certificate/, 'its certificate is for another host'],
  [/wrong version number|packet length too long/, 'it does not speak TLS'],
];

const codeOf = (error: unknown): number | undefined => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
};

/** An error of the client in words of our own. */
const told = (error: unknown): string => {
  if (error instanceof TooLateError) return 'no answer in time';
  if (error instanceof AccessDeniedError) return 'access denied';
  if (error instanceof NotLeaderError) return 'not the leader';
  if (error instanceof StreamDeletedError) return 'the stream was deleted';
  const reason = error instanceof Error ? REASONS.find(([pattern]) => pattern.test(error.message)) : undefined;
  const type: unknown = error instanceof Error && 'type' in error ? error.type : undefined;
  const kind = typeof type === 'string' && /^[a-z-]{1,40}$/.test(type) ? type : 'error without a class';
  return reason === undefined ? `${kind}${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}` : reason[1];
};

/** The call found no leader behind its connection, or the connection had broken: the client has made another one since. */
export const isMisdirected = (error: unknown): boolean => error instanceof NotLeaderError;
export const isDisconnected = (error: unknown): boolean => error instanceof UnavailableError || error instanceof CancelledError;
export const isMissingStream = (error: unknown): boolean => error instanceof StreamNotFoundError;
/** How a position is refused at which nothing begins. */
export const isInvalidArgument = (error: unknown): boolean => codeOf(error) === INVALID_ARGUMENT;
/** Routine: the server ends live subscriptions so, when some events wait. */
export const isTooSlow = (error: unknown): boolean => error instanceof TimeoutError && error.message.includes('Consumer too slow');

/** An append that failed, as the port names it. Only what the server certainly refused was certainly not written. */
export function appendError(error: unknown, stream: string, expected: ExpectedRevision, bytes: number): Error {
  if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return error;
  if (error instanceof WrongExpectedVersionError) return new ConflictError(stream, expected, typeof error.actualVersion === 'bigint' ? Number(error.actualVersion) : undefined);
  if (error instanceof MaxAppendSizeExceededError) return new AppendTooLargeError(bytes);
  if (error instanceof AccessDeniedError || error instanceof NotLeaderError || error instanceof StreamDeletedError) return new StoreUnavailableError(`${stream}: refused by the event store: ${told(error)}`);
  return new OutcomeUnknownError(`${stream}: ${told(error)}`);
}

/** A read or a subscription that failed. */
export const readError = (error: unknown): StoreUnavailableError => (error instanceof StoreUnavailableError ? error : new StoreUnavailableError(`the event store: ${told(error)}`));
