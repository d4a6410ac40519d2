import { Controller, Inject, Optional, Res } from '@nestjs/common';
import { DomainError } from '#kernel/domain-error.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { METRICS_SOURCE } from '#platform/http/ports/metrics.port.js';
import type { MetricsSource } from '#platform/http/ports/metrics.port.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { LivenessBody, ReadinessBody } from './health.schema.js';
import { Readiness } from './readiness.js';

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness, @Optional() @Inject(METRICS_SOURCE) private readonly metrics?: MetricsSource) {}

  @Endpoint({
    id: 'isAlive', method: 'GET', path: '/healthz', tag: 'Around it', summary: 'Whether the process is alive', access: 'public',
    answers: [{ status: 200, description: 'It is', schema: ref(LivenessBody), examples: { alive: { status: 'alive' } } }],
  })
  isAlive(): LivenessBody {
    return { status: 'alive' };
  }

  @Endpoint({
    id: 'isReady', method: 'GET', path: '/readyz', tag: 'Around it', summary: 'Whether this process can do its work', access: 'public',
    answers: [
      { status: 200, description: 'Every check holds', schema: ref(ReadinessBody), examples: { ready: { status: 'ready', checks: [{ name: 'event store', ok: true }] }, 'ready, with less promised': { status: 'ready', checks: [{ name: 'event store', ok: true }], warnings: [{ code: 'QUORUM_OF_ONE', detail: 'one administrator alone changes the control plane' }] } } },
      { status: 503, description: 'Checks fail: which, and why', schema: ref(ReadinessBody), examples: { 'not ready': { status: 'not-ready', checks: [{ name: 'event store', ok: true }, { name: 'hsm', ok: false, reason: 'PIN_INCORRECT' }] } } },
    ],
  })
  async isReady(@Res({ passthrough: true }) answer: Answer): Promise<ReadinessBody> {
    const [checks, warnings] = await Promise.all([this.readiness.ask(), this.readiness.warnings()]);
    if (checks.every((check) => check.ok)) return { status: 'ready', checks, ...warnings };
    answer.code(503);
    return { status: 'not-ready', checks, ...warnings };
  }

  @Endpoint({
    id: 'metrics', method: 'GET', path: '/metrics', tag: 'Around it', summary: 'Prometheus metrics', access: 'public', problems: ['NOT_FOUND'],
    answers: [{ status: 200, description: 'Prometheus’ text format', mediaType: 'text/plain', schema: { type: 'string' }, examples: { one: 'countersign_http_requests_total{method="GET",route="/v1/keys",status="200"} 1\n' } }],
  })
  async show(@Res({ passthrough: true }) answer: Answer): Promise<string> {
    if (!this.metrics) throw new DomainError('NOT_FOUND', 'this process keeps no metrics');
    const { contentType, body } = await this.metrics.render();
    answer.header('content-type', contentType);
    return body;
  }
}
