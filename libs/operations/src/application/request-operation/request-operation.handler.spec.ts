import { createHash } from 'node:crypto';
import type { KeyState } from '#keys/contract.js';
import { ConflictError } from '#eventing/event-store.port.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import type { OperationView } from '../operation-view.js';
import { Bench, metaOf, NOON, ORDERER, principal, requestOf, TWO_OF_FW, plane } from '../testing/operations-bench.js';
import { RequestOperationCommand } from './request-operation.command.js';
import type { OperationRequest } from './request-operation.command.js';
import { RequestOperationHandler } from './request-operation.handler.js';

const iso = (ms: number): string => new Date(ms).toISOString();
const PATH = 'POST /v1/operations';

describe('requesting an operation', () => {
  let bench: Bench;
  let handler: RequestOperationHandler;
  beforeEach(() => {
    bench = new Bench();
    bench.keys.set('fw-prod', { approvalPolicy: TWO_OF_FW });
    bench.keys.set('fw-dev', { algorithm: 'PS256' });
    handler = new RequestOperationHandler(bench.operations, bench.keys, plane(), 'deployment-1');
  });
  const ask = (over: Partial<OperationRequest> = {}, { key = null, caller = ORDERER, body = 'body', by = handler }: { key?: string | null; caller?: typeof ORDERER; body?: string; by?: RequestOperationHandler } = {}): Promise<OperationView> =>
    by.execute(new RequestOperationCommand(metaOf(caller, PATH, key, body), caller, requestOf(over)));
  const code = (expected: string) => expect.objectContaining({ name: 'DomainError', code: expected }) as unknown;
  const written = async () => (await bench.store.readAll({ limit: 100 })).map((e) => e.type);

  it('snapshots what the keys are now, in the order asked for', async () => {
    const view = await ask({ keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 3 }, { keyId: 'fw-dev', maxUsageCount: 1_000_000 }], approverContext: 'ticket', binding: { digests: ['d'] } });
    expect(view).toMatchObject({
      state: 'pending', requestedBy: { issuer: ORDERER.issuer, subject: 'orderer1', name: 'Name of orderer1', claims: { repository: 'acme/fw' } }, description: 'Release', approverContext: 'ticket', binding: { digests: ['d'] },
      requestedAt: iso(NOON), notBefore: iso(NOON), expiresAt: iso(NOON + 3_600_000), decisions: [], revision: 0,
      keyUsages: [
        { keyId: 'fw-prod', maxUsageCount: 3, usedCount: 0, remainingCount: 3, approval: { policy: TWO_OF_FW, met: false, missing: 2 } },
        { keyId: 'fw-dev', maxUsageCount: 1_000_000, usedCount: 0, remainingCount: 1_000_000, approval: { policy: { type: 'none' }, met: true, missing: 0 } },
      ],
    });
    expect(bench.keys.asked).toEqual(['fw-prod', 'fw-dev']);
    // What becomes of the policy afterwards does not concern it.
    bench.keys.set('fw-prod', { approvalPolicy: { type: 'none' } });
    const [event] = await bench.events(view.operationId);
    expect(event?.data).toMatchObject({ keyUsages: [{ keyId: 'fw-prod', algorithm: 'ES256', publicKeySha256: 'fw-prod-spki', policy: TWO_OF_FW }, { keyId: 'fw-dev', algorithm: 'PS256', publicKeySha256: 'fw-dev-spki' }] });
    expect(event?.metadata.actor).toEqual({ issuer: ORDERER.issuer, subject: 'orderer1' });
  });

  it('is born approved where nobody is asked', async () => {
    const view = await ask({ keyUsages: [{ keyId: 'fw-dev', maxUsageCount: 1 }] });
    expect(view).toMatchObject({ state: 'approved', revision: 1 });
    expect(await written()).toEqual(['operations.requested.v1', 'operations.approved.v1']);
  });

  it('states what is asked, and its digest is of that statement', async () => {
    const view = await ask();
    expect(view.requestDigest).toBe(createHash('sha256').update(view.requestStatement).digest('base64'));
    expect(JSON.parse(view.requestStatement)).toEqual({
      type: 'countersign/request/v1', deployment: 'deployment-1', operationId: view.operationId, requestedBy: view.requestedBy, requestedAt: view.requestedAt, notBefore: view.notBefore, expiresAt: view.expiresAt,
      description: view.description, approverContext: null, binding: null, keyUsages: [{ keyId: 'fw-prod', algorithm: 'ES256', publicKeySha256: 'fw-prod-spki', maxUsageCount: 3, policy: TWO_OF_FW }],
    });
  });

  describe('keys', () => {
    it.each<readonly [string, string, Partial<KeyState>]>([
      ['KEY_UNKNOWN', 'is being made', { status: 'creating', publicKeySha256: null }],
      ['KEY_UNKNOWN', 'came to nothing', { status: 'failed', publicKeySha256: null }],
      ['KEY_DISABLED', 'is disabled', { status: 'disabled' }],
      ['KEY_NOT_ALLOWED', 'is for another group', { requesters: { group: 'release', role: null } }],
      ['KEY_NOT_ALLOWED', 'is for another role', { requesters: { group: null, role: 'administrator' } }],
      ['KEY_NOT_ALLOWED', 'is for a group and a role of which he has one', { requesters: { group: 'release', role: 'orderer' } }],
      ['KEY_NOT_ALLOWED', 'is for others, and disabled', { requesters: { group: 'release', role: null }, status: 'disabled' }],
    ])('%s: a key that %s', async (expected, _, state) => {
      bench.keys.set('fw-dev', state);
      await expect(ask({ keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 1 }, { keyId: 'fw-dev', maxUsageCount: 1 }] })).rejects.toEqual(code(expected));
      expect(await written()).toEqual([]);
    });
    it('KEY_UNKNOWN: a key that is not there', async () => {
      await expect(ask({ keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 1 }, { keyId: 'nobody', maxUsageCount: 1 }] })).rejects.toEqual(code('KEY_UNKNOWN'));
      expect(await written()).toEqual([]);
    });
    it('whom requesters name may ask', async () => {
      bench.keys.set('fw-dev', { requesters: { group: 'release', role: 'orderer' } });
      const keyUsages = [{ keyId: 'fw-dev', maxUsageCount: 1 }];
      expect(await ask({ keyUsages }, { caller: principal('o', { roles: ['orderer'], groups: ['release', 'x'] }) })).toMatchObject({ state: 'approved' });
      await expect(ask({ keyUsages }, { caller: principal('o', { roles: ['orderer'], groups: ['releases'] }) })).rejects.toEqual(code('KEY_NOT_ALLOWED'));
    });
    it('rule 13: are read fresh for each request', async () => {
      await ask();
      bench.keys.set('fw-prod', { status: 'disabled' });
      await expect(ask()).rejects.toEqual(code('KEY_DISABLED'));
      bench.keys.set('fw-prod', { status: 'enabled' });
      expect(await ask()).toMatchObject({ state: 'pending' });
    });
  });

  describe('the window', () => {
    it('is counted from notBefore, in any notation of RFC 3339', async () => {
      expect(await ask({ notBefore: '2026-11-20T14:00:00.5+01:00', validMs: 1_000 })).toMatchObject({ notBefore: '2026-11-20T13:00:00.500Z', expiresAt: '2026-11-20T13:00:01.500Z' });
    });
    it('may have begun, but not be over', async () => {
      expect(await ask({ notBefore: iso(NOON - 3_599_999) })).toMatchObject({ notBefore: iso(NOON - 3_599_999), expiresAt: iso(NOON + 1), state: 'pending' });
      for (const notBefore of [iso(NOON - 3_600_000), iso(NOON - 9_000_000)]) await expect(ask({ notBefore })).rejects.toEqual(code('VALIDATION_FAILED'));
      expect(await written()).toHaveLength(1);
    });
    it.each(['1969-12-31T23:59:59Z', '9999-12-31T23:59:59Z', 'soon'])('is not %s', async (notBefore) => {
      await expect(ask({ notBefore })).rejects.toMatchObject({ code: 'VALIDATION_FAILED', more: { faults: [{ path: '/notBefore' }] } });
    });
    it('rule 14: ends by the time that never goes back, and opens by the wall clock', async () => {
      bench.clock.observe(iso(NOON + 30_000), 1n);
      await expect(ask({ validMs: 30_000 })).rejects.toEqual(code('VALIDATION_FAILED'));
      expect(await ask({ validMs: 30_001 })).toMatchObject({ requestedAt: iso(NOON + 30_000), notBefore: iso(NOON), expiresAt: iso(NOON + 30_001) });
    });
  });

  describe('rule 3: again under the same Idempotency-Key', () => {
    it('gives the earlier operation as it was answered then, whatever has become of it and of its keys', async () => {
      const keyUsages = (keyId: string) => [{ keyId, maxUsageCount: 2 }];
      const first = await Promise.all(['fw-prod', 'fw-dev'].map((keyId) => ask({ keyUsages: keyUsages(keyId) }, { key: keyId })));
      bench.wall = NOON + 9_000_000;
      for (const view of first) {
        bench.keys.set(view.keyUsages[0]?.keyId ?? '', { status: 'disabled', requesters: { group: 'others', role: null } });
        await bench.operations.execute({ stream: `operation-${view.operationId}`, meta: metaOf(ORDERER, 'x'), build: (now) => ({ type: 'expire', now }) });
      }
      for (const by of [handler, new RequestOperationHandler(new Bench(bench.store).operations, bench.keys, plane(), 'deployment-1')])
        expect(await Promise.all(['fw-prod', 'fw-dev'].map((keyId) => ask({ keyUsages: keyUsages(keyId) }, { key: keyId, by })))).toEqual(first);
      expect(await written()).toEqual(expect.arrayContaining(['operations.expired.v1', 'operations.expired.v1']));
      expect((await written()).filter((t) => t === 'operations.requested.v1')).toHaveLength(2);
    });
    it('is refused with another body', async () => {
      await ask({}, { key: 'k' });
      bench.keys.set('fw-prod', { status: 'disabled' });
      await expect(ask({ description: 'another' }, { key: 'k', body: 'another' })).rejects.toEqual(code('IDEMPOTENCY_KEY_REUSED'));
    });
    it('is another operation for another person', async () => {
      const [one, two] = await Promise.all([ask({}, { key: 'k' }), ask({}, { key: 'k', caller: principal('orderer2', { roles: ['orderer'] }) })]);
      expect(one.operationId).not.toBe(two.operationId);
    });
    it('is decided anew after a refusal', async () => {
      bench.keys.set('fw-prod', { status: 'disabled' });
      await expect(ask({}, { key: 'k' })).rejects.toEqual(code('KEY_DISABLED'));
      bench.keys.set('fw-prod', { status: 'enabled' });
      expect(await ask({}, { key: 'k' })).toMatchObject({ state: 'pending' });
    });
    it('at the same instant through two processes is one operation', async () => {
      const store = new FaultyEventStore(new MemoryEventStore());
      const processes = [new Bench(store), new Bench(store)].map((b) => new RequestOperationHandler(b.operations, bench.keys, plane(), 'deployment-1'));
      const views = await Promise.all(processes.flatMap((by) => [ask({}, { key: 'k', by }), ask({}, { key: 'k', by })]));
      for (const view of views) expect(view).toEqual(views[0]);
      expect(await store.readAll({ limit: 10 })).toHaveLength(1);
      await expect(store.append(`operation-${views[0]?.operationId}`, 'no-stream', [{ id: 'x', type: 'x', data: {}, metadata: { commandId: 'x', actor: ORDERER, at: iso(NOON) } }])).rejects.toBeInstanceOf(ConflictError);
    });
    it('without one each is an operation of its own', async () => {
      expect((await ask()).operationId).not.toBe((await ask()).operationId);
    });
  });
});
