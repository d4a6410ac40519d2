import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '#test/system/client.js';
import { Service, sleep } from '#test/system/service.js';
import { freshDatabase } from '#test/system/stores.js';
import { approve, digests, eventually, goodSignatures, makeKey, operationOf, order, request, twoOfGroup } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { readinessOf, ready, startAll, TWO_OF_EACH } from './deployment.js';

// A store that lies behind the ledger which two signers share. The event store's folder, copied while it is down, is a backup; put back, it is a restore.
const HEAD = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d+-[0-9a-f]{16}/;
const SIGNERS = ['signer-1', 'signer-2'] as const;
const REST = ['api-1', 'api-2', 'worker-1', 'worker-2'] as const;

let service: Service;
let key: Key;
let operation: Operation;

beforeEach(async () => {
  service = await Service.create({ hsm: 'spy', processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  await startAll(service);
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: 8 });
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
}, 120_000);
afterEach(Service.closeAll);

const folder = (name: string): string => (name === 'events' ? join(service.dataDir, name) : join(service.dir, name));
/** Takes the store away, for as long as the work on its folder takes. */
const withStoreDown = async (work: () => void): Promise<void> => {
  await service.eventStore?.process.kill();
  work();
  await service.eventStore?.up();
};
const copy = (from: string, to: string): void => {
  rmSync(folder(to), { recursive: true, force: true });
  cpSync(folder(from), folder(to), { recursive: true });
};
const restarted = async (...names: readonly string[]): Promise<void> => {
  await Promise.all(names.map((name) => service.part(name).kill()));
  for (const name of names) service.start(name);
};
/** Waits until both signers say why they sign nothing. @returns the head of their ledger */
async function refused(): Promise<string> {
  const heads = new Set<string>();
  for (const name of SIGNERS) {
    const { status, text } = await eventually(() => readinessOf(service, name), (told) => told.text.includes('STORE_BEHIND') && HEAD.test(told.text), 60_000);
    expect(status).toBe(503);
    heads.add(HEAD.exec(text)?.[0] ?? '');
  }
  expect(heads.size).toBe(1);
  const [head = ''] = heads;
  expect(head).toMatch(HEAD);
  return head;
}
/** Two administrators, through two apis. */
async function accept(head: string): Promise<void> {
  const comment = 'Restored from the backup of noon';
  expect((await service.admin.post('/v1/ledger/acceptances', { head, comment })).status).toBe(202);
  // One alone is not enough.
  await sleep(1_000);
  for (const name of SIGNERS) expect((await readinessOf(service, name)).text).toContain('STORE_BEHIND');
  const second = service.as('admin-2', ['administrator'], {}, service.baseOf('api-2'));
  expect((await second.post('/v1/ledger/acceptances', { head, comment })).status).toBe(201);
  await ready(service, ...SIGNERS, ...REST);
}
const answersAgain = (): Promise<unknown> => eventually(() => readinessOf(service, 'api-1'), ({ text }) => text.includes('STORE_BEHIND'), 30_000);

it('rules 16 and 17: back up, spend 5, restore: both signers refuse, the one that goes on running and the one that starts anew; after two administrators accepted it, the 5 stay spent', async () => {
  await withStoreDown(() => copy('events', 'backup'));
  await ready(service, ...SIGNERS, ...REST);
  expect((await order(service, operation, 'fw', digests(5))).body.state).toBe('completed');
  const running = service.part('signer-1').pid;
  await withStoreDown(() => copy('backup', 'events'));
  await restarted('signer-2', ...REST);
  const head = await refused();
  expect(service.part('signer-1').pid).toBe(running);
  await answersAgain();
  expect(await order(service, operation, 'fw', digests(1), { prefer: 'respond-async' })).toMatchObject({ status: 503, code: 'HSM_UNAVAILABLE' });
  expect(service.spied('C_Sign')).toBe(6);
  await accept(head);
  // The store knows of one use, the ledger of six: eight were approved.
  expect((await operationOf(service, operation)).keyUsages[0]).toMatchObject({ usedCount: 1, remainingCount: 7 });
  expect((await order(service, operation, 'fw', digests(3))).body).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'USAGE_EXHAUSTED' } });
  const over = digests(2);
  expect(goodSignatures(key, over, (await order(service, operation, 'fw', over)).body)).toBe(2);
  expect((await order(service, operation, 'fw', digests(1))).body).toMatchObject({ state: 'halted', failure: { code: 'USAGE_EXHAUSTED' } });
  expect(service.spied('C_Sign')).toBe(8);
}, 150_000);

it('rule 17: an empty database in place of the ledger, beside a store with started orders: both signers refuse until two administrators accepted it', async () => {
  service.configure({ signer: { ledger: await freshDatabase({ durable: true }) } });
  await restarted(...SIGNERS);
  const head = await refused();
  await answersAgain();
  expect(await order(service, operation, 'fw', digests(1), { prefer: 'respond-async' })).toMatchObject({ status: 503, code: 'HSM_UNAVAILABLE' });
  await accept(head);
  // The store has counted one of eight.
  expect((await order(service, operation, 'fw', digests(7))).body.state).toBe('completed');
  expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 409, code: 'USAGE_EXHAUSTED' });
  expect(service.spied('C_Sign')).toBe(8);
}, 120_000);

it('rule 12: an api that goes on running while the store is set back decides on nothing that was lost', async () => {
  await makeKey(service, 'guarded', { approvalPolicy: twoOfGroup });
  const pending = await request(service, { guarded: 1 });
  await withStoreDown(() => copy('events', 'backup'));
  await ready(service, ...SIGNERS, ...REST);
  const approver = (n: number, api: string): Client => service.as(`approver-${n}`, ['approver'], { groups: ['firmware-approvers'] }, service.baseOf(api));
  expect(await approve(pending, approver(1, 'api-1'))).toMatchObject({ status: 201, body: { state: 'pending' } });
  await withStoreDown(() => copy('backup', 'events'));
  await refused();
  await answersAgain();
  const by = (...subjects: readonly string[]): readonly unknown[] => subjects.map((subject) => ({ by: { subject } }));
  expect(await approve(pending, approver(2, 'api-2'))).toMatchObject({ status: 201, body: { state: 'pending', decisions: by('approver-2') } });
  expect(await approve(pending, approver(3, 'api-1'))).toMatchObject({ status: 201, body: { state: 'approved', decisions: by('approver-2', 'approver-3') } });
}, 120_000);
