import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandExecutor } from '#eventing/command-executor.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { StreamStates } from '#eventing/stream-states.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { operationDecider, operationKind, operationStream, RefusalRecorder } from '#operations/contract.js';
import type { OperationExecutor, UsesReserved } from '#operations/contract.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { RequestOperationHandler } from '#operations/application/request-operation/request-operation.handler.js';
import { FakeKeys, metaOf, ORDERER, requestOf, NO_VERIFIER, plane } from '#operations/application/testing/operations-bench.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import type { EmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { temporaryFolder } from '#platform/embedded-log/testing/temporary-log.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { systemClock } from '#platform/time/system-clock.js';
import { SignOrders } from '#signing/application/get-sign-order/sign-orders.js';
import { PlaceSignOrderCommand } from '#signing/application/place-sign-order/place-sign-order.command.js';
import { PlaceSignOrderHandler } from '#signing/application/place-sign-order/place-sign-order.handler.js';
import type { SignOrderView } from '#signing/contract.js';
import { signOrderStream } from '#signing/contract.js';

const ORDERS = 50_000;
const AT_ONCE = 500;
const digestOf = (n: number): string => createHash('sha256').update(String(n)).digest('base64');

/** What one process of the api has, over a log. Nothing here waits for a signer. */
class Process {
  readonly states: StreamStates<Parameters<typeof operationKind.evolve>[1], ReturnType<typeof operationKind.evolve>>;
  readonly operations: OperationExecutor;
  private readonly keys = new FakeKeys();
  private readonly snapshots: ReturnType<typeof openSnapshotStore>;
  private readonly orders: PlaceSignOrderHandler;

  constructor(private readonly store: EventStore, snapshotFile: string) {
    this.snapshots = openSnapshotStore({ file: snapshotFile });
    this.keys.set('k', { approvalPolicy: { type: 'none' } });
    this.states = new StreamStates(store, operationKind, { capacity: 10, snapshots: this.snapshots });
    this.operations = new CommandExecutor(store, operationDecider, this.states, new TrustedClock(systemClock));
    const nothing = Promise.resolve(undefined);
    const awaiter = { until: () => nothing, expect: () => ({ event: nothing, cancel: () => undefined }) };
    const keys = { fresh: (keyId: string) => this.keys.fresh(keyId), known: (keyId: string) => this.keys.fresh(keyId) };
    this.orders = new PlaceSignOrderHandler(this.operations, keys, plane(), NO_VERIFIER, new TrustedClock(systemClock), store, awaiter, { down: () => undefined }, new RefusalRecorder(this.operations, () => undefined), new SignOrders(store, this.operations));
  }
  async request(maxUsageCount: number): Promise<string> {
    const view = await new RequestOperationHandler(this.operations, this.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf({ keyUsages: [{ keyId: 'k', maxUsageCount }] })));
    return view.operationId;
  }
  order(operationId: string, n: number, bodyDigest = `body ${n}`): Promise<SignOrderView> {
    return this.orders.execute(new PlaceSignOrderCommand(metaOf(ORDERER, operationId, `order ${n}`, bodyDigest), ORDERER, operationId, { keyId: 'k', input: { digests: [digestOf(n)], digestAlgorithm: 'SHA-256' }, format: null }, 0));
  }
  /** What a signer leaves behind: lock and outcome of each, and their settlement. */
  async sign(reserved: readonly { readonly id: string; readonly data: UsesReserved['data'] }[]): Promise<void> {
    const metadata = { commandId: randomId(), actor: ORDERER, at: new Date().toISOString() };
    await Promise.all(reserved.map(({ id, data }) => {
      const { operationId, signOrderId, bodyDigest, requestedAt, keyId, algorithm, count, format, input } = data;
      const digests = 'digests' in input ? input.digests : [];
      const started = { operationId, signOrderId, reservation: id, bodyDigest, requestedAt, keyId, algorithm, count, format, signer: 's', incarnation: 'i', attempt: randomId(), publicKeySha256: data.publicKeySha256, digests };
      const completed = { operationId, keyId, signer: 's', digests, signatures: digests.map((d) => `signature of ${d}`), at: metadata.at };
      return this.store.append(signOrderStream(signOrderId), 'no-stream', [{ id: randomId(), type: 'signing.started.v1', data: started, metadata }, { id: randomId(), type: 'signing.completed.v1', data: completed, metadata }]);
    }));
    const [first] = reserved;
    if (first === undefined) return;
    const outcomes = reserved.map(({ data }) => ({ signOrderId: data.signOrderId, spent: 1, returned: 0, cause: 'c' }));
    await this.operations.execute({ stream: operationStream(first.data.operationId), meta: metaOf(ORDERER, 'settle'), build: (now) => ({ type: 'settle-uses', outcomes, now }) });
  }
  async size(operationId: string): Promise<{ readonly open: number; readonly answers: number; readonly bytes: number }> {
    const { state, answers } = await this.states.refresh(operationStream(operationId));
    return { open: state.open.size, answers: answers.size, bytes: JSON.stringify(operationKind.toJson(state)).length };
  }
  close(): void {
    this.snapshots.close();
  }
}

let dir: string;
let log: EmbeddedLog;
beforeAll(async () => {
  dir = temporaryFolder();
  log = await openEmbeddedLog({ dir });
});
afterAll(async () => {
  await log.close();
  rmSync(dir, { recursive: true, force: true });
});

it(`rule 4: ${ORDERS} keyed orders; the first key again, from another process and after a restart: the same signature, and the state’s size is flat`, async () => {
  const here = new Process(log.store, join(dir, 'here.db'));
  const operationId = await here.request(ORDERS);
  const sizes: { readonly open: number; readonly answers: number; readonly bytes: number }[] = [];
  for (let from = 0, revision = 0; from < ORDERS; from += AT_ONCE) {
    const placed = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => here.order(operationId, from + i)));
    expect(placed.every((view) => view.state === 'reserved')).toBe(true);
    const events = await log.store.readStream(operationStream(operationId), { from: revision, limit: AT_ONCE + 10 });
    await here.sign(events.flatMap((e) => (e.type === 'operations.uses-reserved.v1' ? [{ id: e.id, data: e.data as UsesReserved['data'] }] : [])));
    revision = (events.at(-1)?.revision ?? 0) + 1;
    sizes.push(await here.size(operationId));
  }
  const [first, last] = [sizes[0], sizes.at(-1)];
  expect(last).toMatchObject({ open: 0, answers: first?.answers });
  // Counts have more digits, and nothing else grew.
  expect((last?.bytes ?? Infinity) - (first?.bytes ?? 0)).toBeLessThan(30);

  const same = async (process: Process): Promise<void> => {
    for (const n of [0, 1, ORDERS / 2, ORDERS - 1]) expect(await process.order(operationId, n)).toMatchObject({ state: 'completed', signatures: [`signature of ${digestOf(n)}`] });
    await expect(process.order(operationId, 0, 'another body')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(process.order(operationId, ORDERS)).rejects.toMatchObject({ code: 'USAGE_EXHAUSTED' });
  };
  const written = (await here.states.refresh(operationStream(operationId))).revision;
  await same(here);
  const there = new Process(log.store, join(dir, 'there.db'));
  await same(there);
  there.close();
  here.close();
  await log.close();
  log = await openEmbeddedLog({ dir });
  const restarted = new Process(log.store, join(dir, 'here.db'));
  await same(restarted);
  // The snapshot and what came after it, not the whole stream.
  expect(restarted.states.eventsRead).toBeLessThanOrEqual(300);
  const after = await log.store.readStream(operationStream(operationId), { from: written + 1, limit: 10 });
  expect(after.map((e) => e.type).filter((type) => type !== 'operations.use-refused.v1')).toEqual([]);
  restarted.close();
}, 120_000);
