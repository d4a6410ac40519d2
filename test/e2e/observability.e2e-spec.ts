import { connect } from 'node:net';
import type { OperationView } from '#operations/application/operation-view.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import { Scene, ofFirmware } from './scene.js';

const DATA = Buffer.from('a message').toString('base64');
const BEGUN = 'operations.decision-refused.v1';

/** Runs on, so that what takes a minute can be seen at its end. */
let scene: Scene;
/** What was set going at the beginning. */
let slow: { readonly at: number; readonly refused: OperationView; readonly expiring: OperationView; readonly stalled: Promise<string> };
beforeAll(async () => {
  scene = await Scene.open();
  await scene.key('free');
  await scene.key('one', 'ES256', ofFirmware(1));
  const refused = await scene.orderer.operation({ one: 1 });
  const expiring = await scene.orderer.operation({ one: 1 }, { validMs: 1_000 });
  slow = { at: Date.now(), refused, expiring, stalled: stall(scene.service.port) };
  const stranger = scene.approver('dan', 'other');
  for (let n = 0; n < 3; n += 1) expect((await stranger.approves(refused)).said).toBe('403 NOT_ELIGIBLE');
  for (let n = 0; n < 2; n += 1) expect((await scene.orderer.approves(refused)).said).toBe('403 SELF_APPROVAL');
  for (let n = 0; n < 4; n += 1) expect((await scene.orderer.orders(refused, { keyId: 'one', data: DATA })).said).toBe('409 OPERATION_NOT_APPROVED');
});
afterAll(() => scene.close());

/** Sends the head of a request and no body. @returns what came until the connection ended */
const stall = (port: number): Promise<string> => new Promise((resolve, reject) => {
  let answer = '';
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /v1/keys HTTP/1.1\r\nHost: x\r\n'));
  socket.on('data', (chunk) => (answer += chunk.toString())).on('close', () => resolve(answer)).on('error', reject);
});
const refusalsOf = async (operation: OperationView): Promise<readonly unknown[]> =>
  (await scene.trail(operation)).filter((e) => e.type.endsWith('-refused.v1')).map((e) => ({ type: e.type, by: e.actor.subject, ...Object.fromEntries(Object.entries(e.data as Record<string, unknown>).filter(([k]) => k === 'code' || k === 'count')) }));

describe('what is answered around the calls', () => {
  it('/healthz and /readyz tell what they should, to everybody', async () => {
    expect(expected(await scene.nobody.get('/healthz'), 200)).toEqual({ status: 'alive' });
    const ready = expected(await scene.nobody.get<{ readonly status: string; readonly checks: readonly { readonly name: string; readonly ok: boolean }[] }>('/readyz'), 200);
    expect(ready.status).toBe('ready');
    expect(ready.checks.every((check) => check.ok && Object.keys(check).length === 2)).toBe(true);
    expect(ready.checks.map((check) => check.name).sort()).toEqual(['clock', 'event-store', 'signer', 'worker']);
  });

  it('a request’s id is given back, stands in its log line and in its problem', async () => {
    const [mine, other] = [`e2e.${Date.now()}-a`, `e2e.${Date.now()}-b`];
    const headers = { 'x-request-id': mine };
    expect((await scene.orderer.get('/v1/keys/free?', headers)).headers.get('x-request-id')).toBe(mine);
    const refused = await scene.orderer.get<{ readonly instance: string }>('/v1/keys/nowhere', { 'x-request-id': other });
    expect([refused.headers.get('x-request-id'), refused.body.instance]).toEqual([other, `urn:countersign:request:${other}`]);
    const lines = await eventually(() => scene.service.log.split('\n').filter((line) => line.includes(mine) || line.includes(other)).map((line) => JSON.parse(line) as Record<string, unknown>), (found) => found.length >= 2);
    expect(lines.map(({ requestId, method, route, status, subject, level }) => ({ requestId, method, route, status, subject, level }))).toEqual([
      { requestId: mine, method: 'GET', route: '/v1/keys/:keyId', status: 200, subject: 'orderer-1', level: 'info' },
      { requestId: other, method: 'GET', route: '/v1/keys/:keyId', status: 404, subject: 'orderer-1', level: 'info' },
    ]);
    for (const bad of [undefined, 'with blanks in it', 'x'.repeat(129)]) {
      const given = (await scene.orderer.get('/v1/keys/free', bad === undefined ? {} : { 'x-request-id': bad })).headers.get('x-request-id');
      expect(given).toMatch(/^[0-9a-f-]{36}$/);
    }
    // The id goes with what the request wrote.
    const asked = await scene.orderer.requests({ free: 1 }, {}, { headers: { 'x-request-id': `${mine}-op` } });
    expect(asked.headers.get('x-request-id')).toBe(`${mine}-op`);
  });

  it('every line of the log is JSON with a time and a level', async () => {
    const lines = scene.service.log.trimEnd().split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/), level: expect.any(String), msg: expect.any(String) });
    expect(scene.service.errors).toBe('');
  });

  it('an answer to be kept by nobody says so', async () => {
    for (const path of ['/v1/keys', '/healthz', '/v1/nothing']) {
      const { headers } = await scene.orderer.get(path);
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    }
  });
});

describe('revisions', () => {
  it('stand in ETag, and grow', async () => {
    const operation = await scene.orderer.operation({ one: 1 });
    const decided = await scene.ana.approves(operation);
    expect(decided.body.revision).toBeGreaterThan(operation.revision);
    for (const answer of [decided, await scene.orderer.reads(operation), await scene.orderer.reads(operation, { 'if-min-revision': String(decided.body.revision) })]) {
      expect(answer.headers.get('etag')).toBe(`"${decided.body.revision}"`);
      expect(answer.body.state).toBe('approved');
    }
  });
  it('are waited for, up to 2 s: then 412', async () => {
    const operation = await scene.orderer.operation({ one: 1 });
    const began = performance.now();
    expect((await scene.orderer.reads(operation, { 'if-min-revision': '7' })).said).toBe('412 REVISION_NOT_REACHED');
    const took = performance.now() - began;
    expect([took >= 1_990, took < 2_900]).toEqual([true, true]);
    const waiting = scene.orderer.reads(operation, { 'if-min-revision': '1' });
    await sleep(300);
    expected(await scene.ana.approves(operation), 201);
    expect(expected(await waiting, 200).state).toBe('approved');
  });
});

describe('?until=decided', () => {
  const waits = async (operation: OperationView, seconds: number, act?: () => Promise<unknown>): Promise<{ readonly state: string; readonly ms: number }> => {
    const began = performance.now();
    const answer = scene.orderer.get<OperationView>(`/v1/operations/${operation.operationId}?until=decided`, { prefer: `wait=${seconds}` });
    if (act !== undefined) {
      await sleep(200);
      await act();
    }
    return { state: expected(await answer, 200).state, ms: performance.now() - began };
  };
  it.each<[string, (operation: OperationView) => Promise<unknown>]>([
    ['approved', (o) => scene.ana.approves(o)], ['rejected', (o) => scene.ana.rejects(o)], ['revoked', (o) => scene.admin.revokes(o)],
  ])('answers at once when it is %s', async (state, act) => {
    const operation = await scene.orderer.operation({ one: 1 });
    const waited = await waits(operation, 20, () => act(operation));
    expect(waited.state).toBe(state);
    expect(waited.ms).toBeLessThan(1_200);
    expect((await waits(operation, 20)).ms).toBeLessThan(500);
  });
  it('answers at the end of the wait, or of the window', async () => {
    const pending = await scene.orderer.operation({ one: 1 });
    const waited = await waits(pending, 1);
    expect(waited.state).toBe('pending');
    expect([waited.ms >= 990, waited.ms < 1_900]).toEqual([true, true]);
    const short = await waits(await scene.orderer.operation({ one: 1 }, { validMs: 1_000 }), 20);
    expect(short.state).toBe('expired');
    expect(short.ms).toBeLessThan(1_900);
  });
});

describe('the audit trail', () => {
  it('is filtered by type, actor, key and time, in pages, newest first', async () => {
    await scene.key('audited', 'ES256', ofFirmware(1));
    const ruth = scene.approver('ruth');
    const operation = await scene.orderer.operation({ audited: 2, free: 1 });
    await sleep(20);
    expected(await ruth.approves(operation), 201);
    await sleep(20);
    await scene.ended(await scene.orderer.orders(operation, { keyId: 'audited', data: DATA }));
    const whole = await eventually(async () => expected(await scene.auditor.audit('?keyId=audited&limit=200'), 200).items, (items) => items.some((e) => e.type === 'operations.uses-settled.v1'));
    expect(whole.map((e) => e.type).reverse()).toEqual([
      'keys.registration-requested.v1', 'keys.registration-taken.v1', 'keys.pair-claimed.v1', 'keys.registered.v1', 'operations.requested.v1', 'operations.uses-reserved.v1', 'signing.started.v1', 'signing.completed.v1', 'operations.uses-settled.v1',
    ]);
    const positions = whole.map((e) => BigInt(e.position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? 1 : -1)));
    expect(whole.every((e) => /^\d+$/.test(e.revision) && e.id !== '' && Date.parse(e.at) > 0)).toBe(true);

    const ids = async (query: string): Promise<readonly string[]> => expected(await scene.auditor.audit(`?limit=200&${query}`), 200).items.filter((e) => e.type !== 'identity.groups-seen.v1').map((e) => e.id);
    const given = expected(await scene.auditor.audit('?actor=ruth'), 200).items.filter((e) => e.type !== 'identity.groups-seen.v1');
    expect(given.map((e) => e.type)).toEqual(['operations.approved.v1', 'operations.approval-given.v1']);
    const [approved, approval] = given;
    if (approved === undefined || approval === undefined) throw new Error('no approval in the trail');
    const issuer = encodeURIComponent(`${scene.service.issuer.url}#ruth`);
    expect(await ids(`actor=${issuer}`)).toEqual([approved.id, approval.id]);
    expect(await ids(`actor=${encodeURIComponent('https://other.example#ruth')}`)).toEqual([]);
    expect(await ids('actor=ruth&type=operations.approval-given')).toEqual([approval.id]);
    expect(await ids('actor=ruth&type=operations.approval-given.v1')).toEqual([approval.id]);
    expect(await ids('actor=ruth&type=operations.approval-given.v2')).toEqual([]);
    expect(await ids('actor=ruth&keyId=audited')).toEqual([]);
    const at = encodeURIComponent(approval.at);
    const later = encodeURIComponent(new Date(Date.parse(approval.at) + 1).toISOString());
    expect(await ids(`actor=ruth&from=${at}`)).toEqual([approved.id, approval.id]);
    expect(await ids(`actor=ruth&to=${at}`)).toEqual([]);
    expect(await ids(`actor=ruth&from=${at}&to=${later}`)).toEqual([approved.id, approval.id]);
    expect(await ids(`actor=ruth&from=${later}`)).toEqual([]);
    expect(await ids(`actor=ruth&from=${encodeURIComponent(approval.at.replace('Z', '+00:00'))}`)).toEqual([approved.id, approval.id]);

    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const page = expected(await scene.auditor.audit(`?keyId=audited&limit=3${cursor}`), 200);
      paged.push(...page.items.map((e) => e.id));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(paged).toEqual(whole.map((e) => e.id));
    expect((await scene.orderer.audit()).said).toBe('403 ROLE_REQUIRED');
  });
});

describe('after a minute', () => {
  it('refusals of one person for one reason have been counted together: one event a minute', async () => {
    expect(await refusalsOf(slow.refused)).toEqual(expect.arrayContaining([
      { type: BEGUN, by: 'dan', code: 'NOT_ELIGIBLE', count: 1 }, { type: BEGUN, by: 'orderer-1', code: 'SELF_APPROVAL', count: 1 }, { type: 'operations.use-refused.v1', by: 'orderer-1', code: 'OPERATION_NOT_APPROVED', count: 1 },
    ]));
    expect((await refusalsOf(slow.refused)).length).toBe(Date.now() - slow.at < 59_000 ? 3 : 6);
    await sleep(Math.max(0, slow.at + 60_500 - Date.now()));
    const all = await eventually(() => refusalsOf(slow.refused), (found) => found.length === 6);
    expect(all.slice(3)).toEqual(expect.arrayContaining([
      { type: BEGUN, by: 'dan', code: 'NOT_ELIGIBLE', count: 2 }, { type: BEGUN, by: 'orderer-1', code: 'SELF_APPROVAL', count: 1 }, { type: 'operations.use-refused.v1', by: 'orderer-1', code: 'OPERATION_NOT_APPROVED', count: 3 },
    ]));
  }, 90_000);
  it('rule 14: an operation that expired has its event, 60 s after its end', async () => {
    const ends = Date.parse(slow.expiring.expiresAt);
    const trail = await eventually(async () => scene.trail(slow.expiring), (items) => items.some((e) => e.type === 'operations.expired.v1'), Math.max(0, ends + 60_000 - Date.now()) + 10_000);
    expect(Date.parse(trail.at(-1)?.at ?? '') - ends).toBeGreaterThanOrEqual(60_000);
  }, 90_000);
  it('REQUEST_TIMEOUT was answered to who stalled', async () => {
    const answer = await slow.stalled;
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code: 'REQUEST_TIMEOUT', status: 408, instance: expect.stringMatching(/^urn:countersign:request:/) });
  }, 90_000);
});
