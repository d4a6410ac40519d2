import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const digests = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => Buffer.alloc(32, n).toString('base64'));
const order = (count: number) => ({ keyId: 'free', digests: digests(count), digestAlgorithm: 'SHA-256' });
const DATA = Buffer.from('a message').toString('base64');

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ hsm: 'shim' });
});
afterAll(() => scene.close());

/** Every sample of /metrics, by name and labels as they stand there. */
async function metrics(): Promise<ReadonlyMap<string, number>> {
  const text = expected(await scene.nobody.get<string>('/metrics'), 200);
  return new Map(text.split('\n').flatMap((line): [string, number][] => {
    const [, name, value] = /^([^#\s][^\s{]*(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(value)]];
  }));
}

it('/metrics shows the exact counts of a known load', async () => {
  const { shim } = scene.service;
  await scene.key('free');
  await scene.key('two', 'ES256', ofFirmware(2));
  expected(await scene.admin.registers({ keyId: 'free', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: NONE }), 409);
  const free = await scene.orderer.operation({ free: 50 });
  for (const bad of [0, -1]) expected(await scene.orderer.requests({ free: bad }, {}, { wrong: true }), 422);
  // Decisions: five approvals, two rejections, one withdrawal, two revocations.
  const [a, b, c, d] = [await scene.orderer.operation({ two: 1 }), await scene.orderer.operation({ two: 1 }), await scene.orderer.operation({ two: 1 }), await scene.orderer.operation({ two: 1 })];
  for (const person of [scene.ana, scene.ben]) expected(await person.approves(a), 201);
  expected(await scene.ana.approves(a), 201);
  expected(await scene.ana.approves(b), 201);
  expected(await scene.ana.withdraws(b), 200);
  expected(await scene.ana.approves(b), 201);
  for (const operation of [b, c]) expected(await scene.cleo.rejects(operation), 201);
  expected(await scene.cleo.approves(d), 201);
  for (const operation of [a, d]) expected(await scene.admin.revokes(operation), 201);
  expected(await scene.as('both', ['approver']).approves(c), 403);
  expected(await scene.orderer.approves(c), 403);
  // Orders: 1 + 3 + 5 signatures; one whose first call has an unknown outcome and whose second was never made; two refused; four held, three halted.
  for (const count of [1, 3, 5]) expect((await scene.orderer.orders(free, order(count), { key: `order ${count}` })).body.state).toBe('completed');
  expect((await scene.orderer.orders(free, order(5), { key: 'order 5' })).body.state).toBe('completed');
  shim.order('fail-after * 6');
  expect((await scene.orderer.orders(free, order(2))).body).toMatchObject({ state: 'outcome-unknown', usesConsumed: 1, signatures: [null, null] });
  shim.order();
  for (const count of [51, 100]) expect((await scene.orderer.orders(free, order(count))).said).toBe('409 USAGE_EXHAUSTED');
  const calls = shim.calls('C_Sign');
  shim.order('hold 1');
  const halting = await scene.orderer.operation({ free: 7 });
  const held = [1, 1, 1, 1].map(() => scene.orderer.orders(free, order(1)));
  await eventually(() => shim.calls('C_Sign') - calls, (begun) => begun === 4);
  const late = [1, 2, 4].map((count) => scene.orderer.orders(halting, order(count)));
  await eventually(async () => (await metrics()).get('countersign_uses_total{change="reserved"}'), (n) => n === 1 + 3 + 5 + 2 + 4 + 7);
  expected(await scene.admin.revokes(halting), 201);
  shim.order();
  expect((await Promise.all(held)).map((o) => o.body.state)).toEqual(Array(4).fill('completed'));
  expect((await Promise.all(late)).map((o) => o.body.state)).toEqual(Array(3).fill('halted'));

  const shown = await eventually(metrics, (m) => m.get('countersign_uses_total{change="spent"}') === 14 && m.get('countersign_uses_total{change="returned"}') === 8);
  const of = (prefix: string): Readonly<Record<string, number>> => Object.fromEntries([...shown].filter(([name, value]) => name.startsWith(`countersign_${prefix}`) && value > 0).map(([name, value]) => [name.slice(`countersign_${prefix}`.length), value]));
  expect(of('sign_orders_total')).toEqual({ '{outcome="completed"}': 7, '{outcome="outcome-unknown"}': 1, '{outcome="halted"}': 3 });
  expect(of('signatures_total')).toEqual({ '': 1 + 3 + 5 + 4 });
  expect(of('uses_total')).toEqual({ '{change="reserved"}': 22, '{change="spent"}': 14, '{change="returned"}': 8 });
  expect(of('decisions_total')).toEqual({ '{decision="approve"}': 5, '{decision="reject"}': 2, '{decision="withdraw"}': 1, '{decision="revoke"}': 3 });
  expect(of('refusals_total')).toEqual({ '{code="KEY_EXISTS"}': 1, '{code="VALIDATION_FAILED"}': 2, '{code="NOT_ELIGIBLE"}': 1, '{code="SELF_APPROVAL"}': 1, '{code="USAGE_EXHAUSTED"}': 2 });
  const requests = Object.fromEntries(Object.entries(of('http_requests_total')).filter(([labels]) => labels.includes('/v1/')));
  const line = (method: string, route: string, status: number): string => `{method="${method}",route="${route}",status="${status}"}`;
  const OPERATION = '/v1/operations/:operationId';
  expect(requests).toEqual({
    [line('POST', '/v1/keys', 201)]: 2, [line('POST', '/v1/keys', 409)]: 1, [line('POST', '/v1/operations', 201)]: 6, [line('POST', '/v1/operations', 422)]: 2,
    [line('POST', `${OPERATION}/decisions`, 201)]: 8, [line('POST', `${OPERATION}/decisions`, 403)]: 2, [line('DELETE', `${OPERATION}/decisions/mine`, 200)]: 1, [line('POST', `${OPERATION}/revocation`, 201)]: 3,
    [line('POST', `${OPERATION}/sign-orders`, 201)]: 12, [line('POST', `${OPERATION}/sign-orders`, 409)]: 2,
  });
  expect(shown.get('countersign_http_request_duration_seconds_count{method="POST",route="/v1/operations"}')).toBe(8);
  expect(shown.get('countersign_hsm_calls_total{call="C_Sign",outcome="ok"}')).toBe(13);
  expect(shown.get('countersign_hsm_calls_total{call="C_Sign",outcome="unknown"}')).toBe(1);
});

describe('the end of the process', () => {
  it('SIGTERM finishes what is in flight and exits 0; a second start takes less than 5 s, and all is as it was', async () => {
    const operation = await scene.orderer.operation({ free: 3 });
    scene.service.shim.order('hold 1');
    const calls = scene.service.shim.calls('C_Sign');
    const inFlight = scene.orderer.orders(operation, { keyId: 'free', data: DATA }, { headers: { prefer: 'wait=20' } });
    await eventually(() => scene.service.shim.calls('C_Sign') - calls, (begun) => begun === 1);
    const stopping = scene.service.stop();
    await sleep(700);
    scene.service.shim.order();
    const answered = await inFlight;
    expect(answered).toMatchObject({ status: 201, body: { state: 'completed' } });
    const end = await stopping;
    expect({ code: end.code, inTime: end.ms < 10_000 }).toEqual({ code: 0, inTime: true });
    expect(await scene.service.up()).toBeLessThan(5_000);
    expect(expected(await scene.orderer.readsOrder(answered.body), 200)).toEqual(answered.body);
    const read = await eventually(async () => expected(await scene.orderer.reads(operation), 200), (o) => o.keyUsages[0]?.usedCount === 1);
    expect(read).toMatchObject({ state: 'approved', requestDigest: operation.requestDigest, requestStatement: operation.requestStatement });
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }))).state).toBe('completed');
  }, 60_000);

  it('SIGTERM exits 0 within 10 s although somebody waits for longer, and somebody is connected', async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    const waiting = scene.orderer.get(`/v1/operations/${operation.operationId}?until=decided`, { prefer: 'wait=60' }).then((answer) => answer.said, () => 'cut off');
    await sleep(200);
    const end = await scene.service.stop();
    expect({ code: end.code, inTime: end.ms < 10_000 }).toEqual({ code: 0, inTime: true });
    expect(['200', 'cut off']).toContain(await waiting);
    await scene.service.up();
  }, 60_000);

  it('SIGTERM leaves an order that the HSM still holds to the next start: it reaches a final state', async () => {
    const operation = await scene.orderer.operation({ free: 1 });
    const calls = scene.service.shim.calls('C_Sign');
    scene.service.shim.order('hold 1');
    const placed = expected(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }, { headers: { prefer: 'respond-async' } }), 202);
    await eventually(() => scene.service.shim.calls('C_Sign') - calls, (begun) => begun === 1);
    const end = await scene.service.stop();
    expect(end.ms).toBeLessThan(10_000);
    scene.service.shim.order();
    await scene.service.up();
    const order = await eventually(async () => expected(await scene.orderer.readsOrder(placed), 200), (o) => o.state === 'outcome-unknown' || o.state === 'completed', 15_000);
    expect(order.usesConsumed).toBe(1);
    expect(scene.service.shim.calls('C_Sign') - calls).toBe(1);
  }, 60_000);
});
