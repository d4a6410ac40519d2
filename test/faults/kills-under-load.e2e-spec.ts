import { createHash, randomUUID } from 'node:crypto';
import { Service, sleep } from '#test/system/service.js';
import { goodSignatures, makeKey, order, request } from '#test/system/steps.js';
import type { SignOrder } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';

const KILLS = 8;
const SESSIONS = 4;
const CLIENTS = 8;
const GRANTED = 100_000;

afterEach(Service.closeAll);

it('kill -9 at random moments under load: calls <= uses spent <= granted, nothing accepted is lost, unknown at most sessions x kills', async () => {
  const service = await Service.create({ hsm: 'spy', sessions: SESSIONS });
  await service.up();
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: GRANTED });
  const over = (name: string): readonly string[] => [createHash('sha256').update(name).digest('base64')];
  const send = (name: string) => order(service, operation, 'fw', over(name), { 'idempotency-key': name });
  const answered = new Map<string, SignOrder>();
  const unsure: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    let going = true;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (going) {
        const name = randomUUID();
        try {
          const { status, body } = await send(name);
          if (status === 201 || status === 202) answered.set(name, body);
        } catch {
          unsure.push(name);
          await sleep(30);
        }
      }
    });
    await sleep(100 + Math.random() * 400);
    await service.kill();
    going = false;
    await Promise.all(clients);
    await service.up();
  }
  expect(unsure.length).toBeGreaterThanOrEqual(KILLS / 2);
  for (const name of unsure.slice(0, 100)) {
    const { status, body } = await send(name);
    expect([201, 202]).toContain(status);
    answered.set(name, body);
  }
  const { orders, spent, counts } = await accountsOf(service, operation);
  const calls = service.spied('C_Sign');
  const unknown = counts['outcome-unknown'] ?? 0;
  expect(Object.keys(counts).filter((state) => state !== 'completed' && state !== 'outcome-unknown')).toEqual([]);
  expect(calls).toBeLessThanOrEqual(spent);
  expect(spent).toBeLessThanOrEqual(GRANTED);
  expect(spent).toBe((counts['completed'] ?? 0) + unknown);
  expect(counts['completed'] ?? 0).toBeLessThanOrEqual(calls);
  expect(unknown).toBeLessThanOrEqual(SESSIONS * KILLS);

  const known = new Map(orders.map((one) => [one.signOrderId, one]));
  expect([...answered.values()].filter(({ signOrderId }) => !known.has(signOrderId))).toEqual([]);
  const completed = [...answered].filter(([, { signOrderId }]) => known.get(signOrderId)?.state === 'completed');
  for (const [name, { signOrderId }] of completed.filter((_, i) => i % Math.ceil(completed.length / 40) === 0)) {
    const again = (await send(name)).body;
    expect(again).toMatchObject({ signOrderId, signatures: known.get(signOrderId)?.signatures });
    expect(goodSignatures(key, over(name), again)).toBe(1);
  }
  expect(service.spied('C_Sign')).toBe(calls);
}, 120_000);
