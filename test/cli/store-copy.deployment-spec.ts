import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Service } from '#test/system/service.js';
import { digests, goodSignatures, makeKey, operationOf, order, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { EMBEDDED, eventStoreServer } from '#test/system/stores.js';
import type { EventStoreServer } from '#test/system/stores.js';
import { countersign } from './command.js';


let service: Service;
let server: EventStoreServer | undefined;
let key: Key;
let operation: Operation;
beforeEach(async () => {
  service = await Service.create({ hsm: 'spy', stores: EMBEDDED });
  await service.up();
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: 6 });
  await sign(1);
});
afterEach(async () => {
  await server?.process.kill();
  server = undefined;
  await Service.closeAll();
});

/** Orders so many signatures, and gets good ones. */
async function sign(count: number): Promise<void> {
  const over = digests(count);
  expect(goodSignatures(key, over, (await order(service, operation, 'fw', over)).body)).toBe(count);
}
const used = async (): Promise<number | undefined> => (await operationOf(service, operation)).keyUsages[0]?.usedCount;
const idsOf = async (): Promise<readonly unknown[]> => (await trailOf(service, operation)).map((event) => [event['id'], event['revision']]);

it('rule 17: from the embedded store to EventStoreDB and back, the service goes on with the same ledger; on a store that was left it exits with 1', async () => {
  server = await eventStoreServer(join(service.dir, 'server'), service.dir);
  const ledger = join(service.dataDir, 'ledger');
  const [first, last] = [service.dataDir, join(service.dir, 'back')];
  const copy = (from: string, to: string): ReturnType<typeof countersign> => countersign(service, ['store', 'copy', '--from', from, '--to', to]);
  const done = { code: 0, err: '', out: expect.stringMatching(/^\d+ events of \d+ streams are in the target, all of them compared; \d+ were copied in .+ a second\nthe source is sealed; .+\n$/) as unknown };

  expect(await copy(`embedded:${first}`, server.url)).toEqual({ code: 1, out: '', err: `countersign store copy: ${first} is in use by another process; stop the service first\n` });
  await service.stop();
  expect(await copy(`embedded:${first}`, server.url)).toEqual(done);
  expect(await service.upToItsEnd()).toMatchObject({ code: 1 });
  expect(service.errors).toContain('countersign: the event store is sealed: its history was moved to another store, which the configuration has to name\n');

  service.configure({ eventStore: server.url });
  await service.up();
  await sign(2);
  expect(await used()).toBe(3);
  const ids = await idsOf();
  await service.stop();

  expect(await copy(server.url, `embedded:${last}`)).toEqual(done);
  expect(await service.upToItsEnd()).toMatchObject({ code: 1 });
  // What was left is no target.
  expect(await copy(`embedded:${last}`, `embedded:${first}`)).toMatchObject({ code: 1, err: expect.stringContaining('the target is sealed') as unknown });

  service.configure({ eventStore: 'embedded', dataDir: last, signer: { ledger } });
  await service.up();
  expect((await idsOf()).slice(0, ids.length)).toEqual(ids);
  await sign(3);
  expect((await order(service, operation, 'fw', digests(1))).status).toBe(409);
  expect(service.spied('C_Sign')).toBe(6);
});

it('what is not there is not copied, and nothing is made of it', async () => {
  await service.stop();
  const none = join(service.dir, 'none');
  expect(await countersign(service, ['store', 'copy', '--from', `embedded:${none}`, '--to', `embedded:${none}-2`])).toEqual({ code: 1, out: '', err: `countersign store copy: ${none} holds no event store\n` });
  expect([existsSync(none), existsSync(`${none}-2`)]).toEqual([false, false]);
  await service.up();
  await sign(1);
});
