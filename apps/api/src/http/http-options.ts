import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tracer } from '#eventing/trace.port.js';
import type { HttpConfig } from '#platform/config/config.js';
import type { Log } from '#platform/logging/log.js';
import type { RequestLimits } from './request-bounds.js';

/** A handler of Node's that serves a path and everything below it by itself; `url` is what comes after the path, `originalUrl` the whole. */
export type RawHandler = (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => void;

/** What an app says of its HTTP side. */
export interface HttpAppOptions {
  readonly http: Pick<HttpConfig, 'tls' | 'trustProxy' | 'rateLimit'>;
  readonly log: Log;
  /** Left out: HTTP_LIMITS. */
  readonly bounds?: RequestLimits;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
  /** Paths that are served by handlers of Node's, without token: the development profile's identity provider. */
  readonly mounts?: readonly { readonly path: string; readonly handler: RawHandler }[];
}

/** Limits of the server, all of them. Milliseconds and bytes. */
export const HTTP_LIMITS = {
  bodyBytes: 2 * 1024 * 1024,
  /** A longer body is read and thrown away up to this, so that its sender gets to read the 413; beyond it the connection is cut. */
  drainBytes: 16 * 1024 * 1024,
  /** Requests that are being answered at one time, probes, and bytes of bodies: beyond it 429. */
  requests: 10_000,
  probes: 100,
  bodiesBytes: 64 * 1024 * 1024,
  /** Beyond it a connection is closed as soon as it is made. */
  connections: 12_000,
  headerBytes: 32 * 1024,
  /** Line and headers must be there by then, counted from the first byte of a connection or of a request. */
  headersMs: 15_000,
  /** The whole request must be there by then. */
  requestMs: 60_000,
  keepAliveMs: 65_000,
  /** After which what is still being answered at the end is cut off. */
  drainMs: 8_000,
  readinessMs: 2_000,
} as const;
