import type { IncomingMessage, ServerOptions } from 'node:http';
import type { ServerOptions as TlsServerOptions } from 'node:https';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { Type, DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest, FastifyServerOptions } from 'fastify';
import { NO_TRACES } from '#eventing/trace.port.js';
import { DomainError } from '#kernel/domain-error.js';
import { AUTHENTICATOR } from '#platform/http/ports/authenticator.port.js';
import type { Authenticator } from '#platform/http/ports/authenticator.port.js';
import { HTTP_METRICS } from '#platform/http/ports/metrics.port.js';
import type { HttpMetrics } from '#platform/http/ports/metrics.port.js';
import { installAccessLog } from './access-log.js';
import { answerConnectionError } from './connection-errors.js';
import { closeInTime } from './close-in-time.js';
import { HTTP_LIMITS } from './http-options.js';
import type { HttpAppOptions } from './http-options.js';
import { mountRaw } from './mount-raw.js';
import { NestLog } from './nest-log.js';
import { installDocumentation, isDocumentation } from './openapi/documentation.js';
import { ProblemFilter, sendProblem } from './problem.filter.js';
import type { ProblemObserver } from './problem.filter.js';
import { RateLimiter } from './rate-limiter.js';
import { readJsonBody } from './read-body.js';
import { RequestBounds } from './request-bounds.js';
import { installRequestChecks } from './request-checks.js';
import { RouteTable } from './route-table.js';
import { traceRequests } from './trace-requests.js';

const LIMITS = { maxHeaderSize: HTTP_LIMITS.headerBytes, headersTimeout: HTTP_LIMITS.headersMs };
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const requestIdOf = (request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string => {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
};

/**
 * Makes the HTTP side of an app and initialises it; `app.listen(port, host)` then serves. `app.close()` finishes what is in flight, within HTTP_LIMITS.drainMs.
 * The module provides AUTHENTICATOR (where it has endpoints that need a token), and where they are wanted HTTP_METRICS, METRICS_SOURCE, READINESS_CHECKS.
 */
export async function createHttpApp(module: Type | DynamicModule, options: HttpAppOptions): Promise<NestFastifyApplication> {
  const { http, log, mounts = [] } = options;
  const metrics = once(() => provided<HttpMetrics>(app, HTTP_METRICS));
  const observer: ProblemObserver = { log, refused: (code) => metrics()?.refused?.(code) };
  const serverOptions: FastifyServerOptions & { readonly http?: ServerOptions; readonly https?: TlsServerOptions } = {
    ...(http.tls === null ? { http: LIMITS } : { https: { ...LIMITS, cert: readFileSync(http.tls.certFile), key: readFileSync(http.tls.keyFile), minVersion: 'TLSv1.2' } }),
    trustProxy: typeof http.trustProxy === 'boolean' ? http.trustProxy : [...http.trustProxy],
    bodyLimit: HTTP_LIMITS.bodyBytes,
    requestTimeout: HTTP_LIMITS.requestMs,
    keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
    return503OnClosing: false,
    genReqId: requestIdOf,
    clientErrorHandler: (error, socket) => answerConnectionError(error, socket, observer.refused),
    // Ids longer than any we give are looked for and not found.
    routerOptions: { maxParamLength: HTTP_LIMITS.headerBytes },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply.header('x-request-id', request.id), observer),
  };
  const adapter = new FastifyAdapter(serverOptions);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: new NestLog(log), bodyParser: false, abortOnError: false });
  const server = adapter.getInstance();

  server.removeAllContentTypeParsers();
  const bounds = new RequestBounds(options.bounds ?? HTTP_LIMITS);
  server.server.maxConnections = HTTP_LIMITS.connections;
  server.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => readJsonBody(request, payload, (bytes) => bounds.keep(request, bytes)));
  const routes = new RouteTable();
  server.addHook('onRoute', (route) => routes.add(route.method, route.url));
  traceRequests(server, options.tracer ?? NO_TRACES);
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    if (!request.is404) return done();
    // Answered here and not by a handler: nobody's body is read for nothing.
    const allowed = routes.methodsOf(request.url.split('?', 1)[0] ?? '');
    if (allowed.length === 0) return done(new DomainError('NOT_FOUND', 'there is nothing here'));
    reply.header('allow', allowed.join(', '));
    done(new DomainError('METHOD_NOT_ALLOWED', `this path takes ${allowed.join(', ')}`));
  });
  installAccessLog(server, log, metrics);
  bounds.install(server);
  const authenticator = once(() => provided<Authenticator>(app, AUTHENTICATOR));
  const limiter = http.rateLimit === null ? undefined : new RateLimiter(http.rateLimit.requestsPerMinute, () => performance.now());
  const isMounted = (path: string): boolean => mounts.some((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
  installRequestChecks(server, (path) => isDocumentation(path) || isMounted(path), authenticator, limiter);
  app.useGlobalFilters(new ProblemFilter(observer));
  for (const mount of mounts) mountRaw(app, mount.path, mount.handler);
  installDocumentation(app);
  closeInTime(server, HTTP_LIMITS.drainMs);
  await app.init();
  return app;
}

/** What the app's modules provide under a token, if they do. */
function provided<T>(app: NestFastifyApplication, token: symbol): T | undefined {
  try {
    return app.get<T>(token, { strict: false });
  } catch {
    return undefined;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
