import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { HealthHttpConfig } from '../config/config.js';
import { askReadiness, askWarnings } from './ask-readiness.js';
import type { MetricsSource } from './ports/metrics.port.js';
import type { ReadinessCheck } from './ports/readiness-check.port.js';

const READINESS_MS = 2_000;
/** Nobody but a supervisor and Prometheus comes here. */
const MAX_CONNECTIONS = 50;
const REQUEST_MS = 5_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const json = (status: number, body: unknown): Answer => ({ status, type: 'application/json', body: JSON.stringify(body) });

/** `/healthz`, `/readyz` and `/metrics` as api has them, for a process that serves nothing else. @throws what listening throws (EADDRINUSE) */
export async function startHealthServer({ port, host }: HealthHttpConfig, checks: readonly ReadinessCheck[], metrics: MetricsSource): Promise<HealthServer> {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    '/healthz': () => Promise.resolve(json(200, { status: 'alive' })),
    '/readyz': async () => {
      const results = await askReadiness(checks, READINESS_MS);
      const ready = results.every((check) => check.ok);
      const warnings = await askWarnings(checks, READINESS_MS);
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', checks: results, ...warnings });
    },
    '/metrics': async () => {
      const { contentType, body } = await metrics.render();
      return { status: 200, type: contentType, body };
    },
  };
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answer = request.method === 'GET' && Object.hasOwn(answers, path) ? answers[path] : undefined;
    void (answer?.() ?? Promise.resolve(json(404, { status: 404, title: 'There is nothing here' })))
      .catch(() => json(500, { status: 500, title: 'Asking failed' }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, port, host);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listening = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
