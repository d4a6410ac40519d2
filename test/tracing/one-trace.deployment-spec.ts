import { Collector } from '#platform/tracing/testing/collector.js';
import type { CollectedSpan } from '#platform/tracing/testing/collector.js';
import { expected } from '#test/e2e/person.js';
import { ofFirmware, Scene } from '#test/e2e/scene.js';
import { eventually } from '#test/system/steps.js';

const DATA = Buffer.from('a message').toString('base64');
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

let collector: Collector;
let scene: Scene;
beforeAll(async () => {
  collector = await Collector.start();
  scene = await Scene.open({ config: { telemetry: { otlpEndpoint: collector.endpoint } } });
  await scene.key('k', 'ES256', ofFirmware(2));
});
afterAll(async () => {
  await scene.close();
  await collector.close();
});

/** A trace's spans once one of this name is among them, and what those who sent them still had is there too. */
const traceWith = (traceId: string, name: string, count = 1): Promise<readonly CollectedSpan[]> =>
  eventually(() => collector.trace(traceId), (spans) => spans.filter((span) => span.name === name).length >= count && spans.some((span) => span.kind === 2), 10_000);
const only = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} spans are called ${name}: ${spans.map((span) => span.name).join(', ')}`);
  return found[0];
};
const SIGN = 'POST /v1/operations/:operationId/sign-orders';

describe('a request’s trace', () => {
  it('goes from the caller over request, command, event, signer and HSM to the outcome', async () => {
    const operation = await scene.approved({ k: 3 });
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'k', data: DATA }, { headers: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`, 'x-request-id': 'traced-1' } }));
    expect(order.state).toBe('completed');
    const spans = await traceWith(CALLER.traceId, 'append', 2);

    const request = only(spans, SIGN);
    expect(request).toMatchObject({ service: 'countersign-api', parentSpanId: CALLER.spanId, kind: 2, status: 0, attributes: { 'http.response.status_code': 201, 'countersign.request_id': 'traced-1' } });
    const command = only(spans, 'command');
    expect(command).toMatchObject({ service: 'countersign-api', parentSpanId: request.spanId, attributes: { 'countersign.event': 'operations.uses-reserved.v1' } });
    const wait = only(spans, 'wait');
    expect(wait).toMatchObject({ service: 'countersign-api', parentSpanId: request.spanId, attributes: { 'countersign.event': 'signing.completed.v1' } });
    const signing = only(spans, 'sign order');
    expect(signing).toMatchObject({ service: 'countersign-signer', parentSpanId: command.spanId, kind: 5, attributes: { 'countersign.sign_order_id': order.signOrderId, 'countersign.count': 1 } });
    expect(only(spans, 'C_Sign')).toMatchObject({ service: 'countersign-signer', parentSpanId: signing.spanId });
    const appends = spans.filter((span) => span.name === 'append');
    expect(appends.map(({ parentSpanId, attributes }) => [parentSpanId, attributes['countersign.event']])).toEqual([[signing.spanId, 'signing.started.v1'], [signing.spanId, 'signing.completed.v1']]);
    expect(spans.every((span) => span.endMs >= span.startMs)).toBe(true);
    // What is called by nobody else would be an orphan in the collector.
    const known = new Set([CALLER.spanId, ...spans.map(({ spanId }) => spanId)]);
    expect(spans.filter(({ parentSpanId }) => !known.has(parentSpanId))).toEqual([]);
  });

  it('is one of its own for each of several requests that are decided and appended together', async () => {
    const operation = await scene.approved({ k: 12 });
    const traceIds = Array.from({ length: 12 }, (_, n) => (n + 1).toString(16).padStart(32, 'a'));
    await Promise.all(traceIds.map(async (traceId) => expected(await scene.orderer.orders(operation, { keyId: 'k', data: DATA }, { headers: { traceparent: `00-${traceId}-${CALLER.spanId}-01` } }), 201, 202)));
    for (const traceId of traceIds) {
      const spans = await traceWith(traceId, 'sign order');
      expect(only(spans, 'sign order').parentSpanId).toBe(only(spans, 'command').spanId);
      expect(only(spans, 'command').parentSpanId).toBe(only(spans, SIGN).spanId);
    }
  });

  it('begins with the request where nobody names one, and tells a refusal by its code', async () => {
    const operation = await scene.orderer.operation({ k: 1 });
    expect((await scene.orderer.orders(operation, { keyId: 'k', data: DATA })).said).toBe('409 OPERATION_NOT_APPROVED');
    const refused = await eventually(() => collector.spans.find((span) => span.name === 'command' && span.attributes['error.type'] === 'OPERATION_NOT_APPROVED'), (span) => span !== undefined, 10_000);
    const spans = await traceWith(refused?.traceId ?? '', SIGN);
    expect(only(spans, SIGN)).toMatchObject({ parentSpanId: '', attributes: { 'http.response.status_code': 409 } });
  });

  it('says nothing of people, tokens or what is signed', () => {
    const told = JSON.stringify(collector.spans);
    for (const secret of ['orderer-1', 'admin-1', 'Bearer', DATA, scene.service.issuer.url, 'firmware-approvers']) expect(told).not.toContain(secret);
    expect(collector.spans.map(({ name }) => name)).not.toContain('GET /readyz');
  });
});
