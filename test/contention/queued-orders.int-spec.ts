import { NOBODY_KNOWN } from '#identity/contract.js';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runSignerWith } from '#apps/signer/src/run-signer.js';
import { CommandExecutor } from '#eventing/command-executor.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { keyStream } from '#keys/contract.js';
import { operationDecider, operationKind, operationStream } from '#operations/contract.js';
import type { OperationExecutor } from '#operations/contract.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import type { EmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { connectEmbeddedLog } from '#platform/embedded-log/embedded-log-client.js';
import { openLedger } from '#platform/ledger/open-ledger.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { systemClock } from '#platform/time/system-clock.js';
import { settleBy, settleUses } from '#signing/application/settle-uses/settle-uses.process.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import { FakeHsm } from '#signing/application/sign/testing/fake-hsm.js';

const ORDERER = { issuer: 'https://idp.test', subject: 'orderer-1' };
const SPKI = Buffer.from('the public key of k');
const SPKI_SHA256 = createHash('sha256').update(SPKI).digest('hex');
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const OPERATIONS = 10;
const ORDERS = 1_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes that are in use, and not only waiting to be collected. */
const inUse = async (): Promise<number> => {
  for (let i = 0; i < 3; i += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

describe('10,000 orders that were accepted while no signer was there', () => {
  let dir: string;
  let log: EmbeddedLog;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'queued-orders-'));
    log = await openEmbeddedLog({ dir: join(dir, 'events') });
  });
  afterEach(async () => {
    await log.close();
    await rm(dir, { recursive: true, force: true });
  });

  const api = async (): Promise<OperationExecutor> => {
    const clock = new TrustedClock(systemClock);
    await clock.start(log.store);
    return new CommandExecutor(log.store, operationDecider, new StreamStates(log.store, operationKind, { capacity: 100 }), clock);
  };
  const meta = () => ({ commandId: randomUUID(), keyed: false, actor: ORDERER, bodyDigest: null, requestId: null });

  const registerKey = async (): Promise<void> => {
    const at = new Date().toISOString();
    const metadata = { commandId: randomUUID(), actor: ORDERER, at };
    await log.store.append(keyStream('k'), 'no-stream', [
      { id: randomUUID(), type: 'keys.registration-requested.v1', metadata, data: { keyId: 'k', requestedAt: at, purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'aa' } },
      { id: randomUUID(), type: 'keys.registered.v1', metadata, data: { keyId: 'k', publicKey: SPKI.toString('base64'), publicKeySha256: SPKI_SHA256, ckaIdHex: 'aa', tokenSerial: 'serial-1', signer: 'signer-1' } },
    ]);
  };
  const operation = async (operations: OperationExecutor): Promise<string> => {
    const operationId = randomUUID();
    await operations.execute({
      stream: operationStream(operationId), meta: meta(),
      build: (now) => ({ type: 'request', directory: NOBODY_KNOWN, now, request: {
        operationId, requestDigest: 'd', requestedBy: ORDERER, requestedAt: now.closing, notBefore: now.closing, expiresAt: new Date(Date.now() + 3_600_000).toISOString(), description: 'x', approverContext: null, binding: null,
        keyUsages: [{ keyId: 'k', algorithm: 'ES256', publicKeySha256: SPKI_SHA256, maxUsageCount: 1_000_000, policy: { type: 'none' } }], personal: { name: null, claims: {}, statement: '{}' },
      } }),
    });
    return operationId;
  };
  /** @returns signOrderIds in their order */
  const order = (operations: OperationExecutor, operationId: string, orders: number, count: number): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: orders }, async () => {
      const signOrderId = randomUUID();
      const digests = Array.from({ length: count }, (_, i) => createHash('sha256').update(`${signOrderId} ${i}`).digest('base64'));
      const build = (now: { readonly closing: string; readonly opening: string }) => ({
        type: 'reserve-uses' as const, inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order: { signOrderId, requestedAt: now.closing, keyId: 'k', count, input: { digests }, format: 'raw' as const, bodyDigest: 'b' }, digests, keyEnabled: true, lacking: null, unavailable: null, now,
      });
      await operations.execute({ stream: operationStream(operationId), meta: meta(), build });
      return signOrderId;
    }));

  const signer = async (hsm: FakeHsm) => {
    const ledger = await openLedger({ kind: 'file', dir: join(dir, 'ledger') });
    const store = connectEmbeddedLog(log.attach());
    return runSignerWith(
      { hsm, sessions: 8, ledger, self: { name: 'signer-1', incarnation: randomUUID() }, snapshotFile: join(dir, 'signer-snapshots.db'), publicUrl: 'https://sign.test', genesis: null, store, log: SILENT, metrics: createMetrics({ process: false }) },
      async () => {
        await ledger.close();
        store.close();
      },
    );
  };
  const all = async (prefix: string): Promise<readonly RecordedEvent[]> => log.store.readAll({ limit: 1_000_000, prefixes: [prefix] });

  it('all come to their end, those of one operation in their order, within bounded memory', async () => {
    const api1 = await api();
    await registerKey();
    const orders = new Map<string, readonly string[]>();
    for (let i = 0; i < OPERATIONS; i += 1) {
      const operationId = await operation(api1);
      orders.set(operationId, await order(api1, operationId, ORDERS, 1));
    }
    // 1,000 are open: the next one is told to come again.
    const [full = ''] = orders.keys();
    await expect(order(api1, full, 1, 1)).rejects.toMatchObject({ code: 'RATE_LIMITED', more: { retryAfterSeconds: 1 } });

    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const before = await inUse();
    const started = performance.now();
    const hsm = new FakeHsm({ init: () => held });
    const running = await signer(hsm);
    await eventually(() => Promise.resolve(running.openOrders()), (open) => open === OPERATIONS * ORDERS, 60_000);
    const caughtUpMs = performance.now() - started;
    const queuedBytes = (await inUse()) - before;
    const begun = performance.now();
    release();
    await eventually(() => Promise.resolve(running.openOrders()), (open) => open === 0, 120_000);
    const signingMs = performance.now() - begun;
    process.stderr.write(`10,000 queued orders: known after ${Math.round(caughtUpMs)} ms, ${Math.round(queuedBytes / 1e6)} MB, signed in ${Math.round(signingMs)} ms\n`);
    await running.stop();

    const ends = await all('signOrder-');
    const completed = ends.filter((e) => e.type === 'signing.completed.v1');
    expect(completed).toHaveLength(OPERATIONS * ORDERS);
    expect(ends).toHaveLength(2 * OPERATIONS * ORDERS);
    expect(new Set(hsm.signed).size).toBe(OPERATIONS * ORDERS);
    const startedAt = new Map(ends.filter((e) => e.type === 'signing.started.v1').map((e, i) => [e.stream, i]));
    for (const ids of orders.values()) {
      const places = ids.map((id) => startedAt.get(`signOrder-${id}`) ?? -1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
    expect(queuedBytes).toBeLessThan(64 * 1024 * 1024);

    await settleUses(ends, settleBy(api1));
    for (const operationId of orders.keys()) {
      const { state } = await api1.states.refresh(operationStream(operationId));
      expect([state.open.size, state.grants[0]?.spent]).toEqual([0, ORDERS]);
    }
  }, 240_000);

  it('large ones, too: what is to be signed is read again when it does not fit into memory', async () => {
    const [orders, digests] = [300, 1_000];
    const api1 = await api();
    await registerKey();
    const operationId = await operation(api1);
    const ids: string[] = [];
    for (let i = 0; i < orders; i += 50) ids.push(...(await order(api1, operationId, 50, digests)));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const before = await inUse();
    const hsm = new FakeHsm({ init: () => held });
    const running = await signer(hsm);
    await eventually(() => Promise.resolve(running.openOrders()), (open) => open === orders, 60_000);
    // Each of them is half a megabyte: thirty times as many would take no more than these.
    expect((await inUse()) - before).toBeLessThan(96 * 1024 * 1024);
    release();
    await eventually(() => Promise.resolve(running.openOrders()), (open) => open === 0, 120_000);
    await running.stop();
    const events = await all('signOrder-');
    expect(events.filter((e) => e.type === 'signing.completed.v1')).toHaveLength(orders);
    expect(events.filter((e) => e.type === 'signing.started.v1').map((e) => e.stream)).toEqual(ids.map((id) => `signOrder-${id}`));
    expect(hsm.signed).toHaveLength(orders * digests);
  }, 240_000);
});
