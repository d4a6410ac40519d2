import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service } from './service.js';
import { approve, digests, eventually, goodSignatures, makeKey, operationOf, order, request, trailOf, twoOfGroup } from './steps.js';

let service: Service;
beforeEach(async () => {
  service = await Service.create({ hsm: 'spy' });
});
afterEach(Service.closeAll);

it('runs the service with parts of its own: requested, approved, signed, accounted for, over a restart', async () => {
  await service.up();
  const key = await makeKey(service, 'fw', { approvalPolicy: twoOfGroup });
  const operation = await request(service, { fw: 3 });
  for (const approver of service.approvers.slice(0, 2)) expect((await approve(operation, approver)).status).toBe(201);
  const over = digests(2);
  const answer = await order(service, operation, 'fw', over);
  expect(answer).toMatchObject({ status: 201, body: { state: 'completed', usesConsumed: 2 } });
  expect(goodSignatures(key, over, answer.body)).toBe(2);
  expect(service.spied('C_Sign')).toBe(2);
  expect(await service.stop()).toMatchObject({ code: 0 });
  await service.up();
  expect((await operationOf(service, operation)).keyUsages[0]).toMatchObject({ usedCount: 2, remainingCount: 1 });
  const trail = await eventually(() => trailOf(service, operation), (items) => items.some(({ type }) => type === 'operations.uses-settled.v1'));
  expect(trail.filter(({ type }) => type === 'operations.approval-given.v1')).toHaveLength(2);
  await service.close();
});

it('fails a test whose service logs what a client sent', async () => {
  await service.up();
  await makeKey(service, 'fw');
  const operation = await request(service, { fw: 1 });
  const [secret = ''] = digests(1);
  await order(service, operation, 'fw', [secret]);
  appendFileSync(join(service.dir, 'out.log'), `{"digest":"${Buffer.from(secret, 'base64').toString('hex')}"}\n`);
  await expect(service.close()).rejects.toThrow('a log of the service held: digest');
});
