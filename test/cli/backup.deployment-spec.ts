import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { Service } from '#test/system/service.js';
import { digests, eventually, goodSignatures, makeKey, operationOf, order, request, trailOf } from '#test/system/steps.js';
import { EMBEDDED } from '#test/system/stores.js';
import type { Key, Operation, SignOrder } from '#test/system/steps.js';
import { countersign } from './command.js';

const CLIENTS = 6;

let service: Service;
let key: Key;
beforeEach(async () => {
  service = await Service.create({ hsm: 'spy', stores: EMBEDDED });
  await service.up();
  key = await makeKey(service, 'fw');
});
afterEach(Service.closeAll);

const to = (): string => join(service.dir, 'backup');
const eventsIn = async (dataDir: string): Promise<readonly RecordedEvent[]> => {
  const log = await openEmbeddedLog({ dir: join(dataDir, 'events') });
  return log.store.readAll({ limit: 1_000_000 }).finally(() => log.close());
};
const ready = (): Promise<unknown> => eventually(() => service.readiness(), ({ status }) => status === 200, 30_000);

it('backup while orders are placed; restored in another folder it is a beginning of the history, and the service starts there', async () => {
  const operation = await request(service, { fw: 100_000 });
  let going = true;
  const placed: SignOrder[] = [];
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (going) placed.push((await order(service, operation, 'fw', digests(1))).body);
  });
  await eventually(() => placed.length, (n) => n >= 50, 20_000);
  const before = placed.map((one) => one.signOrderId);
  const made = await countersign(service, ['backup', '--to', to()]);
  const during = placed.length;
  expect(made).toEqual({ code: 0, out: expect.stringMatching(/^\d+ events of the store [0-9a-f-]{36} are in .+, \d+ bytes, up to event [0-9a-f-]{36}\n$/) as unknown, err: '' });
  await eventually(() => placed.length, (n) => n > during + 20, 20_000);
  going = false;
  await Promise.all(clients);
  expect(during).toBeGreaterThan(before.length);
  expect(placed.every(({ state }) => state === 'completed')).toBe(true);
  await service.stop();

  const other = join(service.dir, 'other');
  expect(await countersign(service, ['restore', '--from', to()], { env: { COUNTERSIGN_DATA_DIR: other } })).toMatchObject({ code: 0, err: '' });
  expect(readdirSync(other).filter((name) => name !== '.lock')).toEqual(['events']);
  const [whole, restored] = [await eventsIn(service.dataDir), await eventsIn(other)];
  expect(restored.length).toBeGreaterThan(3 * before.length);
  expect(restored.length).toBeLessThan(whole.length);
  // Positions too.
  expect(restored).toEqual(whole.slice(0, restored.length));

  // With the ledger of the first one: the store lies behind it.
  service.configure({ dataDir: other, signer: { ledger: join(service.dataDir, 'ledger') } });
  await service.up({ ready: false });
  await eventually(() => service.readiness(), ({ text }) => text.includes('STORE_BEHIND'), 20_000);
  // Rows follow the restored events, and nothing of what was acknowledged before is missing.
  const trail = await eventually(() => trailOf(service, operation), (events) => events.length > 3 * before.length, 20_000);
  const ends = new Set(trail.filter(({ type }) => type === 'signing.completed.v1').map(({ stream }) => stream));
  expect(before.filter((id) => !ends.has(`signOrder-${id}`))).toEqual([]);
});

it('rule 17: restored in its place nothing is signed until two administrators named the head by the command line; what was spent since stays spent', async () => {
  const operation: Operation = await request(service, { fw: 10 });
  expect((await order(service, operation, 'fw', digests(3))).body.state).toBe('completed');
  expect(await countersign(service, ['backup', '--to', to()])).toMatchObject({ code: 0 });
  expect((await order(service, operation, 'fw', digests(5))).body.state).toBe('completed');
  expect(await countersign(service, ['restore', '--from', to()])).toEqual({ code: 1, out: '', err: `countersign restore: ${service.dataDir} is in use by another process; stop the service first\n` });
  await service.stop();
  const done = await countersign(service, ['restore', '--from', to()]);
  expect(done).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/restored in .+; what was there is kept in .+\n.*STORE_BEHIND.*countersign ledger accept/) as unknown });
  expect(existsSync(join(service.dataDir, 'read-model.db'))).toBe(false);

  await service.up({ ready: false });
  await eventually(() => service.readiness(), ({ text }) => text.includes('STORE_BEHIND'), 20_000);
  const shown = await countersign(service, ['ledger']);
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toMatch(/^orders +2$/m);
  expect(shown.out).toMatch(/^uses spent +8, of 1 key$/m);
  expect(shown.out).toMatch(/^signers +\S+, has the ledger, incarnation \S+$/m);
  expect(shown.out).toMatch(/^accepted +no store that lies behind$/m);
  const head = /^head +(\S+)$/m.exec(shown.out)?.[1] ?? '';
  expect((await service.readiness()).text).toContain(head);

  const tokenFile = join(service.dir, 'token');
  const accept = ['ledger', 'accept', '--head', head, '--comment', 'Restored from the backup of noon', '--url', service.base];
  writeFileSync(tokenFile, `${service.admin.token}\n`, { mode: 0o600 });
  expect(await countersign(service, [...accept, '--token-file', tokenFile])).toEqual({ code: 0, out: 'named by admin-1: another administrator has to name the same head\n', err: '' });
  expect(await countersign(service, [...accept, '--token', service.orderer.token])).toEqual({ code: 1, out: '', err: expect.stringMatching(/^countersign ledger accept: refused with 403 ROLE_REQUIRED: .+\n$/) as unknown });
  expect(await countersign(service, [...accept, '--token', service.admin2.token])).toEqual({ code: 0, out: expect.stringMatching(/^accepted by admin-1 and admin-2: signing goes on with the store [0-9a-f-]{36}\n$/) as unknown, err: '' });
  await ready();
  expect((await countersign(service, ['ledger'])).out).toMatch(/^accepted +the store [0-9a-f-]{36}, at \S+, by admin-1 and admin-2$/m);

  // 3 + 5 are spent, so 2 are left, although the restored events know of 3 alone.
  const over = digests(2);
  const last = await order(service, operation, 'fw', over);
  expect(goodSignatures(key, over, last.body)).toBe(2);
  const refused = await order(service, operation, 'fw', digests(1));
  expect(refused.body.signatures ?? []).toEqual([]);
  expect(service.spied('C_Sign')).toBe(10);
  expect((await operationOf(service, operation)).keyUsages[0]?.maxUsageCount).toBe(10);
  // The log of the command line holds no secret either.
  expect(readFileSync(join(service.dir, 'out.log'), 'utf8')).not.toContain(service.admin2.token);
});

it('a backup that was changed is not restored, and one of a store in EventStoreDB is not made', async () => {
  expect(await countersign(service, ['backup', '--to', to()])).toMatchObject({ code: 0 });
  expect(await countersign(service, ['backup', '--to', to()])).toEqual({ code: 1, out: '', err: `countersign backup: ${to()} is not empty; each backup has a folder of its own\n` });
  await service.stop();
  const file = join(to(), 'manifest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"sha256": "./, '"sha256": "g'));
  expect(await countersign(service, ['restore', '--from', to()])).toEqual({ code: 1, out: '', err: `countersign restore: ${join(to(), 'events.db')} is not the file that the manifest names\n` });
  const env = { COUNTERSIGN_EVENT_STORE: 'esdb://admin:s3cret@127.0.0.1:2113?tls=false' };
  for (const args of [['backup', '--to', join(service.dir, 'two')], ['restore', '--from', to()]]) {
    expect(await countersign(service, args, { env })).toEqual({ code: 1, out: '', err: expect.stringMatching(/EventStoreDB, which has tools of its own/) as unknown });
  }
});
