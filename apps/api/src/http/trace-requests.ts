import type { FastifyInstance, FastifyRequest } from 'fastify';
import { NO_SPAN, NO_TRACES } from '#eventing/trace.port.js';
import type { Span, Tracer } from '#eventing/trace.port.js';

/** Asked every few seconds by machines. */
const UNTRACED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** A span a request, which goes on the caller's trace where his `traceparent` names one, and begins one where it does not. Says the route's pattern, never a path, a query or who calls. */
export function traceRequests(server: FastifyInstance, tracer: Tracer): void {
  if (tracer === NO_TRACES) return;
  const spans = new WeakMap<FastifyRequest, Span>();
  server.addHook('onRequest', (request, reply, done) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
    if (UNTRACED.has(route)) return done();
    const { traceparent } = request.headers;
    const span = tracer.start(`${request.method} ${route}`, {
      root: true,
      kind: 'server',
      parent: typeof traceparent === 'string' ? traceparent : undefined,
      attributes: { 'http.request.method': request.method, 'http.route': route, 'countersign.request_id': request.id },
    });
    spans.set(request, span);
    // Comes also when the caller has gone before his answer.
    reply.raw.once('close', () => {
      span.set({ 'http.response.status_code': reply.statusCode });
      span.end(reply.statusCode >= 500 ? String(reply.statusCode) : undefined);
    });
    done();
  });
  // Not sooner: a body is read by listeners of the connection, which know nothing of the request's span.
  server.addHook('preHandler', (request, _, done) => tracer.run(spans.get(request) ?? NO_SPAN, done));
}
