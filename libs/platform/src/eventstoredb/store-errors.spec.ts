import { AccessDeniedError, CancelledError, DeadlineExceededError, MaxAppendSizeExceededError, NotLeaderError, StreamDeletedError, TimeoutError, UnavailableError, UnknownError, WrongExpectedVersionError } from '@eventstore/db-client';
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { inspect } from 'node:util';
import { AppendTooLargeError, ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import { appendError, isTooSlow, readError } from './store-errors.js';
import { TooLateError } from './within.js';

const SECRET = 'h0rse-battery';
const raw = (code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata });
};
const leaked = `echo: Basic ${SECRET} esdb://u:${SECRET}@h`;

describe('errors of the client', () => {
  it('tells a conflict with the revision at which the stream stands', () => {
    const at = (current: bigint | 'no_stream'): Error => appendError(new WrongExpectedVersionError(undefined, { streamName: 's', current, expected: 4n }), 's', 4, 10);
    expect(at(9n)).toEqual(new ConflictError('s', 4, 9));
    expect(at('no_stream')).toEqual(new ConflictError('s', 4, undefined));
  });

  it('tells an append that the server found too large', () => {
    expect(appendError(new MaxAppendSizeExceededError(undefined, 1), 's', 4, 10)).toEqual(new AppendTooLargeError(10));
  });

  it.each([
    ['unavailable', new UnavailableError(raw(status.UNAVAILABLE, leaked))],
    ['its deadline passed', new DeadlineExceededError(raw(status.DEADLINE_EXCEEDED, leaked))],
    ['cancelled', new CancelledError(raw(status.CANCELLED, leaked))],
    ['timed out', new TimeoutError(raw(status.ABORTED, leaked))],
    ['unknown', new UnknownError(raw(status.INTERNAL, leaked))],
    ['without a class', new Error(leaked)],
    ['a raw error of gRPC', raw(status.UNAVAILABLE, leaked)],
    ['no error at all', leaked],
    ['our own limit', new TooLateError('late')],
  ])('an append that failed so has an unknown outcome: %s', (_, error) => {
    const failure = appendError(error, 's', 4, 10);
    expect(failure).toBeInstanceOf(OutcomeUnknownError);
    expect(readError(error)).toBeInstanceOf(StoreUnavailableError);
    for (const told of [failure, readError(error)]) expect(inspect(told, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it.each([
    ['access denied', new AccessDeniedError(raw(status.PERMISSION_DENIED, leaked))],
    ['not the leader', new NotLeaderError(raw(status.NOT_FOUND, leaked, { 'leader-endpoint-host': 'h', 'leader-endpoint-port': '1' }))],
    ['the stream was deleted', new StreamDeletedError(raw(status.FAILED_PRECONDITION, leaked, { 'stream-name': 's' }))],
  ])('an append that the server refused so was not written: %s', (reason, error) => {
    const failure = appendError(error, 's', 4, 10);
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(failure.message).toContain(reason);
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it.each([
    ['connect ECONNREFUSED 127.0.0.1:2113', 'connection refused'],
    ['Last error: certificate has expired', 'its certificate has expired'],
    ['Last error: self-signed certificate in certificate chain', 'its certificate is self-signed'],
    ['Name resolution failed for target dns:db', 'host name not found'],
  ])('says why a connection failed, in words of its own: %s', (details, reason) => {
    expect(readError(new UnavailableError(raw(status.UNAVAILABLE, `${details} ${SECRET}`))).message).toBe(`the event store: ${reason}`);
  });

  it('knows the routine end of a subscription', () => {
    expect(isTooSlow(new TimeoutError(raw(status.ABORTED, 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.')))).toBe(true);
    expect(isTooSlow(new TimeoutError(raw(status.ABORTED, 'Timeout')))).toBe(false);
    expect(isTooSlow(new UnavailableError(raw(status.UNAVAILABLE, 'Consumer too slow')))).toBe(false);
  });
});
