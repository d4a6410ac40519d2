import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, operationOf, order, request } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { clockEnv, HOUR_S } from './fake-clock.js';

let service: Service;
let file: string;
let key: Key;
let operation: Operation;
/** How far the service's clock is off from now on. */
const turn = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
const up = (ready = true): Promise<number> => service.up({ ready, env: clockEnv(file) });
const stopped = (): Promise<unknown> => eventually(() => service.readiness(), ({ status, text }) => status === 503 && /clock/.test(text), 10_000);
const signs = async (on: Operation): Promise<void> => {
  const over = digests(1);
  const { status, body } = await order(service, on, 'fw', over);
  expect({ status, code: body['code'], detail: body['detail'] }).toEqual({ status: 201, code: undefined, detail: undefined });
  expect(goodSignatures(key, over, await ended(service, on, body.signOrderId))).toBe(1);
};
/** For an operation that was requested under the clock as it is now: an earlier one may lie in the future of a clock that went back. */
const signsAnew = async (): Promise<void> => signs(await request(service, { fw: 1 }));
/** Nothing is signed, and nothing is reserved either. */
const refuses = async (on: Operation): Promise<void> => {
  const calls = service.spied('C_Sign');
  const answer = await order(service, on, 'fw', digests(1), { prefer: 'wait=1' });
  expect([503, 409]).toContain(answer.status);
  await sleep(300);
  expect(service.spied('C_Sign')).toBe(calls);
};

beforeEach(async () => {
  service = await Service.create({ hsm: 'spy' });
  file = join(service.dir, 'clock');
  turn(0);
  await up();
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: 100 }, { validMs: 8 * HOUR_S * 1_000 });
  await signs(operation);
});
afterEach(Service.closeAll);

describe.each([HOUR_S, -HOUR_S])('rule 14: the clock jumps by %d s', (jump) => {
  it('rule 14: while it runs: signing and readiness stop with the reason until an administrator confirms', async () => {
    turn(jump);
    await stopped();
    await refuses(operation);
    expect(await service.orderer.post('/v1/clock/confirmation', { comment: 'Not my part' })).toMatchObject({ status: 403 });
    await refuses(operation);
    expect(await service.admin.post('/v1/clock/confirmation', { comment: 'Compared with two other clocks' })).toMatchObject({ status: 201 });
    await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
    await signsAnew();
    // Confirmed once, and over a restart.
    expect(await service.stop()).toMatchObject({ code: 0 });
    await up();
    await signsAnew();
  });
});

it('rule 14: an hour back over a restart: signing and readiness stop until an administrator confirms, over a second restart as well', async () => {
  expect(await service.stop()).toMatchObject({ code: 0 });
  turn(-HOUR_S);
  await up(false);
  await stopped();
  await refuses(operation);
  await service.kill();
  await up(false);
  await stopped();
  await refuses(operation);
  expect(await service.admin.post('/v1/clock/confirmation', { comment: 'The clock was an hour ahead' })).toMatchObject({ status: 201 });
  await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
  await signsAnew();
  await service.kill();
  await up();
  await signsAnew();
});

it('rule 14: what expired stays expired, whatever the clock says later', async () => {
  const short = await request(service, { fw: 5 }, { validMs: 1_500 });
  await eventually(() => operationOf(service, short), ({ state }) => state === 'expired');
  // Something is written after it, so that the store knows the time.
  await signs(operation);
  turn(-HOUR_S);
  await stopped();
  expect(await order(service, short, 'fw', digests(1))).toMatchObject({ status: 409, code: 'OPERATION_EXPIRED' });
  await service.kill();
  await up(false);
  await stopped();
  const calls = service.spied('C_Sign');
  expect(await order(service, short, 'fw', digests(1))).toMatchObject({ status: 409, code: 'OPERATION_EXPIRED' });
  expect(service.spied('C_Sign')).toBe(calls);
  expect((await operationOf(service, short)).state).toBe('expired');
});

it('rule 14: an hour ahead opens nothing before it is confirmed; then it opens what it opens and closes what it closes', async () => {
  const later = await request(service, { fw: 1 }, { notBefore: new Date(Date.now() + 1_800_000).toISOString(), validMs: HOUR_S * 1_000 });
  const soon = await request(service, { fw: 1 }, { validMs: 1_800_000 });
  turn(HOUR_S);
  await stopped();
  await refuses(later);
  await refuses(soon);
  expect(await service.admin.post('/v1/clock/confirmation', { comment: 'The clock was an hour behind' })).toMatchObject({ status: 201 });
  await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
  await signs(later);
  expect(await order(service, soon, 'fw', digests(1))).toMatchObject({ status: 409, code: 'OPERATION_EXPIRED' });
});

it('rule 14: an hour back opens nothing again and nothing early: what was requested by the later clock waits for its time', async () => {
  turn(-HOUR_S);
  await stopped();
  expect(await service.admin.post('/v1/clock/confirmation', { comment: 'The clock was an hour ahead' })).toMatchObject({ status: 201 });
  await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
  expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 409, code: 'OPERATION_NOT_YET_VALID' });
});
