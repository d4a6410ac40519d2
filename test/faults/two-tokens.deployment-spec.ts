import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, order, orderOf, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { eventsOf, otherSigner, ready, startAll, TWO_OF_EACH } from './deployment.js';

// Two signers with a token each, and one ledger between them.
const ASYNC = { prefer: 'respond-async' };
const SIGNERS = ['signer-1', 'signer-2'] as const;
const OPERATIONS = 4;
const ORDERS = 5;

let service: Service;
/** By the signer whose token has it. */
const keys = new Map<string, Key>();

beforeAll(async () => {
  service = await Service.create({ hsm: 'spy', tokens: 'one-each', processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  await startAll(service);
  // A pair is made in the token of the signer that takes its registration: of the one that is there.
  for (const name of SIGNERS) {
    await service.part(otherSigner(name)).kill();
    keys.set(name, await makeKey(service, `of-${name}`));
    service.start(otherSigner(name));
    await ready(service, otherSigner(name));
  }
}, 150_000);
afterAll(Service.closeAll);

const keyOf = (name: string): Key => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`${name} has no key`);
  return key;
};
const startersOf = async (operation: Operation): Promise<readonly string[]> => (await trailOf(service, operation)).filter(({ type }) => type === 'signing.started.v1').map(({ data }) => String(data['signer']));

it('rule 18: orders on keys of both, all at once: each is taken by the signer whose token has its key, and signed once', async () => {
  const calls = service.spied('C_Sign');
  const serials = await Promise.all(SIGNERS.map(async (name) => {
    const { items } = (await service.auditor.get<{ readonly items: readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] }>(`/v1/audit/events?keyId=of-${name}&type=keys.registered.v1`)).body;
    return items.map(({ data }) => data['tokenSerial']);
  }));
  expect(new Set(serials.flat()).size).toBe(2);
  const both = Object.fromEntries(SIGNERS.map((name) => [`of-${name}`, 100]));
  const operations = await Promise.all(Array.from({ length: OPERATIONS }, () => request(service, both)));
  await Promise.all(operations.flatMap((operation) => SIGNERS.flatMap((name) => Array.from({ length: ORDERS }, async () => {
    const over = digests(1);
    const { body } = await order(service, operation, `of-${name}`, over, ASYNC);
    const end = await ended(service, operation, body.signOrderId, 60_000);
    expect([end.state, goodSignatures(keyOf(name), over, end)]).toEqual(['completed', 1]);
    expect(await eventsOf(service, operation, body.signOrderId, 2)).toEqual([{ type: 'signing.started.v1', signer: name }, { type: 'signing.completed.v1', signer: name }]);
  }))));
  for (const operation of operations) {
    expect(await accountsOf(service, operation)).toMatchObject({ spent: 2 * ORDERS, counts: { completed: 2 * ORDERS } });
    expect((await startersOf(operation)).length).toBe(2 * ORDERS);
  }
  expect(service.spied('C_Sign') - calls).toBe(OPERATIONS * 2 * ORDERS);
}, 120_000);

it.each(SIGNERS)('rule 18: without %s its orders wait, and nobody fails them; the other one signs its own; when it is back it signs what waited', async (name) => {
  const other = otherSigner(name);
  const operation = await request(service, { [`of-${name}`]: 10, [`of-${other}`]: 10 });
  await service.part(name).kill();
  const over = digests(2);
  const waiting = await order(service, operation, `of-${name}`, over, ASYNC);
  expect(waiting.status).toBe(202);
  expect((await order(service, operation, `of-${other}`, digests(1))).body.state).toBe('completed');
  // Longer than an order is left to whose turn it is.
  await sleep(3_000);
  expect((await orderOf(service, operation, waiting.body.signOrderId)).state).toBe('reserved');
  service.start(name);
  const end = await ended(service, operation, waiting.body.signOrderId, 60_000);
  expect([end.state, goodSignatures(keyOf(name), over, end)]).toEqual(['completed', 2]);
  await eventually(() => startersOf(operation), (starters) => starters.includes(name) && starters.includes(other));
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 3, counts: { completed: 2 } });
}, 90_000);
