import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '#test/system/client.js';
import { Service, sleep } from '#test/system/service.js';
import type { Env } from '#test/system/service.js';
import { digests, ended, eventually, makeKey, operationOf, request, trailOf } from '#test/system/steps.js';
import type { Operation, SignOrder } from '#test/system/steps.js';
import { eventsOf, orderBy, readinessOf, startAll, TWO_OF_EACH } from './deployment.js';
import { clockEnv, HOUR_S } from './fake-clock.js';

// Two processes of each kind, each under a clock of its own.
const SOON = { prefer: 'wait=1' };
const VALID = { validMs: 8 * HOUR_S * 1_000 };
const HALF_AN_HOUR_MS = 1_800_000;

let service: Service;
let operation: Operation;
/** Of an api whose clock is right. */
let orderer: Client;
let admin: Client;
const fileOf = (name: string): string => join(service.dir, `clock-${name}`);
/** How far the clock of one process is off from now on. */
const turn = (name: string, seconds: number): void => writeFileSync(fileOf(name), `${seconds < 0 ? '' : '+'}${seconds}s\n`);
const envOf = (name: string): Env => clockEnv(fileOf(name));

beforeAll(async () => {
  service = await Service.create({ hsm: 'spy', processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  for (const { name } of service.parts) turn(name, 0);
  await startAll(service, envOf);
  orderer = service.as('orderer-1', ['orderer'], {}, service.baseOf('api-2'));
  admin = service.as('admin-1', ['administrator'], {}, service.baseOf('api-2'));
  await makeKey(service, 'fw');
  operation = await request(service, { fw: 1_000 }, VALID);
}, 120_000);
afterAll(Service.closeAll);

const byApi1 = (): Client => service.as('orderer-1', ['orderer'], {}, service.baseOf('api-1'));
/** Signed, though one of them has another clock. @returns by whom */
const signs = async (on: Operation): Promise<string | undefined> => {
  const { status, body } = await orderBy(orderer, on, 'fw');
  expect([status, body.code ?? body.detail]).toEqual([201, undefined]);
  return (await eventsOf(service, on, body.signOrderId, 1))[0]?.signer;
};
const stopped = (name: string): Promise<unknown> => eventually(() => readinessOf(service, name), ({ status, text }) => status === 503 && /clock/.test(text), 15_000);
const confirm = async (): Promise<void> => {
  expect((await admin.post('/v1/clock/confirmation', { comment: 'Compared with two other clocks' })).status).toBe(201);
};
/** Nothing keeps them from working. How far clocks were apart is told for another minute. */
const well = async (...names: readonly string[]): Promise<void> => {
  for (const name of names) {
    await eventually(async () => ({ name, ...(await readinessOf(service, name)) }), ({ status, text }) => {
      if (status === 200) return true;
      const { checks } = JSON.parse(text || '{"checks":[]}') as { readonly checks: readonly { readonly name: string; readonly ok: boolean }[] };
      return checks.length > 0 && checks.every((check) => check.ok || check.name === 'clock-skew');
    }, 30_000);
  }
};
const allWell = (): Promise<void> => well(...service.parts.map(({ name }) => name));
const refusedBy = async (who: Client, on: Operation): Promise<void> => {
  const calls = service.spied('C_Sign');
  expect([503, 409]).toContain((await orderBy(who, on, 'fw', SOON)).status);
  expect(service.spied('C_Sign')).toBe(calls);
};

describe.each([HOUR_S, -HOUR_S])('rule 14: the clock of one process jumps by %d s while it runs', (jump) => {
  it('rule 14: a signer signs nothing and says why, the other one goes on; confirmed by a clock that is right, it stays so until its own is', async () => {
    turn('signer-1', jump);
    await stopped('signer-1');
    // Whose turn these are, another one takes.
    for (let n = 0; n < 4; n += 1) expect(await signs(await request(service, { fw: 1 }, VALID, orderer))).toBe('signer-2');
    if (jump > 0) {
      await confirm();
      await sleep(500);
      await stopped('signer-1');
    }
    turn('signer-1', 0);
    await confirm();
    await allWell();
  }, 60_000);

  it('rule 14: an api reserves nothing and says why, the other one goes on', async () => {
    turn('api-1', jump);
    await stopped('api-1');
    await refusedBy(byApi1(), operation);
    await signs(operation);
    turn('api-1', 0);
    await confirm();
    await allWell();
    expect((await orderBy(byApi1(), operation, 'fw')).status).toBe(201);
  }, 60_000);

  it('rule 14: workers expire nothing by it', async () => {
    const half = await request(service, { fw: 1 }, { validMs: HALF_AN_HOUR_MS }, orderer);
    for (const name of ['worker-1', 'worker-2']) turn(name, jump);
    await signs(operation);
    // Several sweeps, and what they book: it stops nobody whose clock is right.
    await sleep(2_500);
    await well('api-1', 'api-2', 'signer-1', 'signer-2');
    await signs(operation);
    expect((await trailOf(service, half)).map(({ type }) => type)).not.toContain('operations.expired.v1');
    for (const name of ['worker-1', 'worker-2']) turn(name, 0);
    await confirm();
    await allWell();
    expect((await operationOf(service, half)).state).toBe('approved');
    await signs(half);
  }, 60_000);
});

it.each(['signer-1', 'api-1'] as const)('rule 14: %s starts with its clock an hour back: it does nothing, after a second start as well; the others go on', async (name) => {
  await signs(operation);
  await service.part(name).kill();
  turn(name, -HOUR_S);
  for (let start = 0; start < 2; start += 1) {
    service.start(name, { env: envOf(name) });
    await stopped(name);
    if (name === 'api-1') await refusedBy(byApi1(), operation);
    expect(['signer-2', name === 'signer-1' ? 'signer-2' : 'signer-1']).toContain(await signs(operation));
    await service.part(name).kill();
  }
  turn(name, 0);
  service.start(name, { env: envOf(name) });
  await allWell();
}, 90_000);

it('rule 14: an api that starts with its clock an hour ahead opens nothing early: what it reserves stops all, and is halted when the clocks were confirmed', async () => {
  const later = await request(service, { fw: 5 }, { ...VALID, notBefore: new Date(Date.now() + HALF_AN_HOUR_MS).toISOString() }, orderer);
  expect((await orderBy(orderer, later, 'fw')).code).toBe('OPERATION_NOT_YET_VALID');
  const calls = service.spied('C_Sign');
  turn('api-1', HOUR_S);
  await service.part('api-1').kill();
  service.start('api-1', { env: envOf('api-1') });
  const early = await eventually(() => orderBy(byApi1(), later, 'fw', SOON).catch(() => undefined), (answer) => answer !== undefined && answer.code !== 'HSM_UNAVAILABLE', 30_000);
  const reserved: SignOrder | undefined = early?.status === 202 ? early.body : undefined;
  expect(reserved?.state ?? early?.code).toMatch(/^(reserved|halted|OPERATION_NOT_YET_VALID)$/);
  // Its event lies an hour ahead of every other clock.
  for (const name of ['signer-1', 'signer-2', 'api-2']) await stopped(name);
  await refusedBy(orderer, operation);
  await service.part('api-1').kill();
  turn('api-1', 0);
  service.start('api-1', { env: envOf('api-1') });
  await confirm();
  await allWell();
  if (reserved !== undefined) expect(await ended(service, later, reserved.signOrderId)).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'WINDOW_CLOSED' } });
  expect(service.spied('C_Sign')).toBe(calls);
  expect((await orderBy(orderer, later, 'fw')).code).toBe('OPERATION_NOT_YET_VALID');
  await signs(await request(service, { fw: 1 }, VALID, orderer));
}, 90_000);

it('rule 14: what a signer with its clock an hour ahead closes too early it halts: it never signs what is over by its clock', async () => {
  const half = await request(service, { fw: 5 }, { validMs: HALF_AN_HOUR_MS }, orderer);
  const calls = service.spied('C_Sign');
  await service.part('signer-1').kill();
  await service.part('signer-2').kill();
  turn('signer-1', HOUR_S);
  service.start('signer-1', { env: envOf('signer-1') });
  await well('signer-1');
  const { body } = await orderBy(orderer, half, 'fw', { prefer: 'respond-async' }, digests(2));
  expect(await ended(service, half, body.signOrderId)).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'WINDOW_CLOSED' } });
  expect(service.spied('C_Sign')).toBe(calls);
  await service.part('signer-1').kill();
  turn('signer-1', 0);
  for (const name of ['signer-1', 'signer-2']) service.start(name, { env: envOf(name) });
  await confirm();
  await allWell();
  await signs(half);
}, 90_000);
