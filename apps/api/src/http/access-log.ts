import type { FastifyInstance } from 'fastify';
import type { HttpMetrics } from '#platform/http/ports/metrics.port.js';
import type { Log } from '#platform/logging/log.js';

const UNMATCHED = 'unmatched';
/** Asked every few seconds by machines: only of interest to who debugs. */
export const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** One line and one observation a request: the route's pattern, never path values, query, headers or bodies. */
export function installAccessLog(server: FastifyInstance, log: Log, metrics: () => HttpMetrics | undefined): void {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED);
    const ms = reply.elapsedTime;
    const line = { requestId: request.id, method: request.method, route, status: reply.statusCode, durationMs: Math.round(ms * 100) / 100, issuer: request.principal?.issuer, subject: request.principal?.subject };
    if (PROBES.has(route)) log.debug(line, 'request');
    else log.info(line, 'request');
    metrics()?.observe(request.method, route, reply.statusCode, ms / 1000);
    done();
  });
}
