/**
 * What may be logged, by name. A field that is not here is not written, whatever a caller hands in: no token, no PIN, no `data` and no digest
 * has a name here, so none gets into a line. Add a field only if none of these can ever be its value.
 */
export const SAFE_FIELDS = [
  // a request, and who made it
  'requestId', 'method', 'route', 'status', 'durationMs', 'code', 'issuer', 'subject',
  // what it is about
  'operationId', 'signOrderId', 'keyId', 'commandId', 'stream', 'revision', 'position', 'eventType', 'algorithm',
  // who is at work
  'signer', 'incarnation', 'subscription', 'projection', 'thread', 'signal', 'pid',
  // how it went
  'state', 'outcome', 'reason', 'check', 'count', 'attempt', 'retryInMs', 'bytes', 'events', 'lag', 'call', 'errorClass', 'skewMs',
  // the process and its surroundings
  'profile', 'host', 'port', 'url', 'file', 'tokenSerial', 'version', 'nodeVersion', 'exitCode', 'notice',
] as const;
export type SafeField = (typeof SAFE_FIELDS)[number];
export type LogValue = string | number | bigint | boolean | null | undefined;

/** `error` may be anything that was thrown; what is written of it is in error-fields.ts. `config` is what describeConfig made. */
export type LogFields = { readonly [F in SafeField]?: LogValue } & { readonly error?: unknown; readonly config?: Readonly<Record<string, unknown>> };

/** `message` is a constant text: what varies is a field. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** The same log with fields that every line carries, such as the id of a request. */
export const logWith = (log: Log, carried: LogFields): Log => ({
  debug: (fields, message) => log.debug({ ...carried, ...fields }, message),
  info: (fields, message) => log.info({ ...carried, ...fields }, message),
  warn: (fields, message) => log.warn({ ...carried, ...fields }, message),
  error: (fields, message) => log.error({ ...carried, ...fields }, message),
});
