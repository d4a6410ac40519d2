import { randomUUID } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEvent } from '#eventing/event-store.port.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { Client } from '#test/system/client.js';
import { Service } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, operationOf, order, request } from '#test/system/steps.js';
import { EMBEDDED } from '#test/system/stores.js';
import type { Key, Operation } from '#test/system/steps.js';

// Stores that lie behind the signer's ledger. The events folder, copied while the service is stopped, is a backup; put back, it is a restore.
const HEAD = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d+-[0-9a-f]{16}/;
const COMMENT = 'Restored from the backup of noon';
const OTHERS = 10_000;

let service: Service;
let key: Key;
let operation: Operation;
const events = (): string => join(service.dataDir, 'events');
const backup = (): string => join(service.dir, 'backup');

beforeEach(async () => {
  service = await Service.create({ hsm: 'spy', stores: EMBEDDED });
  await service.up();
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: 8 });
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
});
afterEach(Service.closeAll);

const restore = (): void => {
  rmSync(events(), { recursive: true });
  cpSync(backup(), events(), { recursive: true });
};

/** Operations of others, so that every position and more is there again. */
async function appendOthers(): Promise<void> {
  const log = await openEmbeddedLog({ dir: events() });
  try {
    const [asked, approved] = await log.store.readStream(`operation-${operation.operationId}`, { limit: 2 });
    if (asked === undefined || approved === undefined) throw new Error('the operation is not in the backup');
    const copyOf = (event: NewEvent, data: unknown): NewEvent => ({ id: randomUUID(), type: event.type, data, metadata: { ...event.metadata, commandId: randomUUID() } });
    await Promise.all(Array.from({ length: OTHERS / 2 }, () => {
      const operationId = randomUUID();
      return log.store.append(`operation-${operationId}`, 'no-stream', [copyOf(asked, { ...(asked.data as object), operationId }), copyOf(approved, approved.data)]);
    }));
  } finally {
    await log.close();
  }
}

/** Starts it, and waits until it says why nothing is signed. @returns the head of the ledger as readiness shows it */
async function refused(): Promise<string> {
  await service.up({ ready: false });
  const { status, text } = await eventually(() => service.readiness(), (one) => one.text.includes('STORE_BEHIND'), 20_000);
  expect(status).toBe(503);
  expect(await order(service, operation, 'fw', digests(1), { prefer: 'respond-async' })).toMatchObject({ status: 503, body: { code: 'HSM_UNAVAILABLE' } });
  return HEAD.exec(text)?.[0] ?? '';
}
const accept = async (who: Client, head: string): Promise<readonly [number, unknown]> => {
  const { status, body } = await who.post<{ readonly accepted: boolean }>('/v1/ledger/acceptances', { head, comment: COMMENT });
  return [status, body.accepted];
};
const ready = (): Promise<unknown> => eventually(() => service.readiness(), ({ status }) => status === 200, 30_000);

it('rules 16 and 17: back up, spend 5, restore, append 10,000 other events, start: refused; after two administrators accepted it, the 5 stay spent', async () => {
  await service.stop();
  cpSync(events(), backup(), { recursive: true });
  await service.up();
  expect((await order(service, operation, 'fw', digests(5))).body.state).toBe('completed');
  await service.stop();
  restore();
  await appendOthers();

  await refused();
  await service.stop();
  const head = await refused();
  expect(head).toMatch(HEAD);
  expect(service.spied('C_Sign')).toBe(6);

  // Not for another head, not by one alone.
  const another = head.replace(/:\d+-/, ':1-');
  expect(await accept(service.admin, another)).toEqual([202, false]);
  expect(await accept(service.admin2, another)).toEqual([201, true]);
  expect(await accept(service.admin, head)).toEqual([202, false]);
  expect(await accept(service.admin, head)).toEqual([202, false]);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect((await service.readiness()).text).toContain('STORE_BEHIND');
  expect(await accept(service.admin2, head)).toEqual([201, true]);
  await ready();

  // The store knows of one use, the ledger of six: eight were approved.
  expect((await operationOf(service, operation)).keyUsages[0]).toMatchObject({ usedCount: 1, remainingCount: 7 });
  expect((await order(service, operation, 'fw', digests(3))).body).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'USAGE_EXHAUSTED' } });
  const over = digests(2);
  const signed = await order(service, operation, 'fw', over);
  expect(goodSignatures(key, over, signed.body)).toBe(2);
  expect((await order(service, operation, 'fw', digests(1))).body).toMatchObject({ state: 'halted', failure: { code: 'USAGE_EXHAUSTED' } });
  expect(service.spied('C_Sign')).toBe(8);

  // What they accepted is not asked again, and what came after it is remembered anew.
  await service.stop();
  await service.up();
  expect((await order(service, await request(service, { fw: 1 }), 'fw', digests(1))).body.state).toBe('completed');
}, 180_000);

it('rule 17: a ledger that was deleted beside a store with started orders: refused until two administrators accepted it', async () => {
  await service.stop();
  rmSync(join(service.dataDir, 'ledger'), { recursive: true });
  const head = await refused();
  await service.stop();
  expect(await refused()).toBe(head);
  expect([await accept(service.admin, head), await accept(service.admin2, head)]).toEqual([[202, false], [201, true]]);
  await ready();
  // The store has counted one of eight.
  expect((await order(service, operation, 'fw', digests(7))).body.state).toBe('completed');
  expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 409, body: { code: 'USAGE_EXHAUSTED' } });
  expect(service.spied('C_Sign')).toBe(8);
}, 120_000);

it('rule 16: an event that was signed upon is gone from the store: refused', async () => {
  const second = await request(service, { fw: 2 });
  const { body } = await order(service, second, 'fw', digests(1), { prefer: 'respond-async' });
  await ended(service, second, body.signOrderId);
  await service.stop();
  const log = new Sqlite(join(events(), 'events.db'));
  // The reservation: what follows it, follows on its heels.
  log.prepare("DELETE FROM event WHERE stream = ? AND type = 'operations.uses-reserved.v1'").run(`operation-${second.operationId}`);
  log.close();
  await refused();
  expect(service.spied('C_Sign')).toBe(2);
}, 60_000);

it('rule 17: the right store, brought back, is signed upon again', async () => {
  await service.stop();
  cpSync(events(), backup(), { recursive: true });
  await service.up();
  expect((await order(service, operation, 'fw', digests(5))).body.state).toBe('completed');
  await service.stop();
  const right = join(service.dir, 'right');
  cpSync(events(), right, { recursive: true });
  restore();
  await refused();
  await service.stop();
  rmSync(events(), { recursive: true });
  cpSync(right, events(), { recursive: true });
  await service.up();
  expect((await order(service, operation, 'fw', digests(2))).body.state).toBe('completed');
  expect(service.spied('C_Sign')).toBe(8);
}, 120_000);
