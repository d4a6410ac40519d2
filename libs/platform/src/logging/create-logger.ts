import { isMainThread, threadId } from 'node:worker_threads';
import { pino, type DestinationStream } from 'pino';
import { errorFields } from './error-fields.js';
import { SAFE_FIELDS, type Log, type LogFields } from './log.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const MAX_TEXT = 1_000;
/** A write of up to PIPE_BUF bytes stays in one piece, so that lines of several threads don't mix in a pipe (POSIX, write). */
const MAX_WRITE = 2_048;
/** The main thread writes so many bytes at once, or what there is after so long: a write for each line costs a request more than the line itself. */
const WRITE_AT = 1_536;
const WRITE_AFTER_MS = 100;

export interface LoggerOptions {
  /** Which process writes: api, worker, signer, standalone. */
  readonly name: string;
  readonly level?: LogLevel;
  /** Where lines go: standard output, if left out. */
  readonly destination?: DestinationStream;
}

export interface Logger extends Log {
  /** Writes what is waiting, at once. Happens by itself when the process exits. */
  flush(): void;
}

/** JSON lines on standard output with the time in UTC. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const own = destination === undefined ? standardOutput() : null;
  const logger = pino(
    {
      level,
      base: isMainThread ? { name } : { name, threadId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? own ?? standardOutput(),
  );
  return {
    debug: (fields, message) => {
      if (logger.isLevelEnabled('debug')) logger.debug(safe(fields), message);
    },
    info: (fields, message) => logger.info(safe(fields), message),
    warn: (fields, message) => logger.warn(safe(fields), message),
    error: (fields, message) => logger.error(safe(fields), message),
    flush: () => own?.flushSync(),
  };
}

/**
 * The main thread never waits for who reads its log, and pino writes what is left when it exits. A worker thread writes synchronously:
 * it logs little, `terminate()` gives it no chance to write later, and waiting there holds up no request.
 */
const standardOutput = (): ReturnType<typeof pino.destination> =>
  pino.destination({ fd: 1, maxWrite: MAX_WRITE, ...(isMainThread ? { sync: false, minLength: WRITE_AT, periodicFlush: WRITE_AFTER_MS } : { sync: true }) });

function safe(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const field of SAFE_FIELDS) {
    const value = fields[field];
    if (typeof value === 'string') line[field] = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) line[field] = value;
    else if (typeof value === 'bigint') line[field] = value.toString();
  }
  if (fields.config !== undefined) line['config'] = fields.config;
  if (fields.error !== undefined) line['error'] = errorFields(fields.error);
  return line;
}
