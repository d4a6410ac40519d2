import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockEnv, HOUR_S } from '#test/faults/fake-clock.js';
import { Service } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { EMBEDDED } from '#test/system/stores.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import type { Proposed } from './approver.js';
import { Founded, writeGenesis } from './founded.js';
import type { Genesis } from './founded.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { ofFirmware, Scene } from './scene.js';

// Seven days of one deployment, its clock and the issuer's turned by hours: while it runs, as a jump that an administrator vouches for, and while it is down.
const DAY_S = 24 * HOUR_S;
const DIGEST = createHash('sha256').update('release').digest('base64');
const SIGNED = { tree: ofFirmware(2), requiredProof: 'signature' } as const;
const KEYS = {
  seen: ofFirmware(2),
  decided: { tree: ofFirmware(2), evaluateEligibility: 'atDecision' },
  lasting: { ...SIGNED, approvalValidityMs: 3 * DAY_S * 1_000 },
  slow: { ...SIGNED, minimumDelayMs: 2 * DAY_S * 1_000 },
};
type KeyId = keyof typeof KEYS;
const BOUND = { validMs: 30 * DAY_S * 1_000, binding: { digests: [DIGEST] } };

let service: Service;
let genesis: Genesis;
/** Its people have tokens of the day. */
let founded: Founded;
const operations = new Map<KeyId, OperationView>();
const timeOf = (seconds: number): void => {
  writeFileSync(join(service.dir, 'clock'), `+${seconds}s\n`);
  service.issuer.turn(seconds);
};
const env = () => clockEnv(join(service.dir, 'clock'));
const arrived = async (): Promise<void> => void (founded = await Founded.of(await Scene.of(service), genesis));
const passed = async (seconds: number, how: 'running' | 'down'): Promise<void> => {
  if (how === 'down') await service.stop();
  timeOf(seconds);
  if (how === 'down') await service.up({ env: env() });
  await arrived();
  if (how === 'down') return;
  expected(await founded.scene.admin.post('/v1/clock/confirmation', { comment: 'Compared with two other clocks' }), 201);
  await eventually(() => service.readiness(), ({ status }) => status === 200);
};
beforeAll(async () => {
  service = await Service.create({ stores: EMBEDDED });
  genesis = writeGenesis(service, { rosters: { 'firmware-approvers': ['ana', 'ben'] }, others: ['ana', 'ben'], keys: KEYS, over: () => ({ minimumProof: 'token' }) });
  service.configure({ genesis: { file: genesis.file, digest: genesis.digest }, identity: { issuers: [] } });
  timeOf(0);
  await service.up({ env: env() });
  await arrived();
}, 60_000);
afterAll(Service.closeAll);

const operationOf = (keyId: KeyId): OperationView => {
  const operation = operations.get(keyId);
  if (operation === undefined) throw new Error(`nothing was asked for of ${keyId}`);
  return operation;
};
const approves = async (keyId: KeyId): Promise<OperationView | undefined> => {
  let last: OperationView | undefined;
  for (const subject of ['ana', 'ben']) {
    const one = founded.approver(subject);
    last = expected(await ('requiredProof' in KEYS[keyId] ? one.approves(operationOf(keyId)) : one.person.approves(operationOf(keyId))), 201);
  }
  return last;
};
const orders = (keyId: KeyId, prefer = 'wait=10'): Promise<Answer<SignOrderView>> =>
  founded.scene.orderer.orders(operationOf(keyId), { keyId, digests: [DIGEST], digestAlgorithm: 'SHA-256' }, { headers: { prefer } });
const signs = async (keyId: KeyId): Promise<void> => {
  const { state, failure, blockers } = await founded.scene.ended(await orders(keyId));
  expect({ keyId, state, failure, blockers }).toEqual({ keyId, state: 'completed', failure: undefined, blockers: undefined });
};
const lapsed = async (keyId: KeyId): Promise<void> => {
  expect((await orders(keyId)).said).toBe('409 OPERATION_NOT_APPROVED');
  expect(expected(await founded.scene.auditor.reads(operationOf(keyId)), 200).state).toBe('pending');
};

it('rules 14, 22, 23 and 25: seven days', async () => {
  for (const keyId of Object.keys(KEYS) as KeyId[]) {
    operations.set(keyId, await founded.scene.orderer.operation({ [keyId]: 10 }, BOUND));
    expect((await approves(keyId))?.state).toBe('approved');
  }
  for (const keyId of ['seen', 'decided', 'lasting'] as const) await signs(keyId);
  const left = await founded.scene.orderer.operation({ lasting: 1 }, BOUND);
  const proof = await founded.approver('ana').proof(left);
  const waiting = expected(await orders('slow', 'respond-async'), 202);
  const [one, two, three] = [founded.administrator('admin-1'), founded.administrator('admin-2'), founded.administrator('admin-3')];
  const opened = await one.acts('POST', '/v1/administration-sessions', { purpose: 'policies', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'POST /v1/policies' }] });
  await founded.inForce(opened, two, three);
  const roster: Proposed = expected(await one.acts('PUT', '/v1/roster/firmware-approvers', { members: ['ana', 'ben', 'mallory'].map(founded.account) }), 202);
  expected(await two.approves(expected(await founded.scene.admin.reads(roster), 200)), 201);

  await passed(DAY_S + HOUR_S, 'running');
  // A roster says who somebody is, also when nobody has seen him for a day; what tokens said is a day's.
  expect((await orders('seen')).said).toBe('409 OPERATION_NOT_APPROVED');
  for (const keyId of ['decided', 'lasting'] as const) await signs(keyId);
  for (const subject of ['ana', 'ben']) expected(await founded.approver(subject).person.queue(), 200);
  // What was seen is written down beside the calls.
  const order = await eventually(() => orders('seen'), ({ said }) => said !== '409 OPERATION_NOT_APPROVED');
  expect((await founded.scene.ended(order)).state).toBe('completed');
  expect((await founded.administrator('admin-1').acts('POST', '/v1/policies', { name: 'late', policy: SIGNED }, { session: opened.body.operationId })).said).toBe('403 SESSION_REQUIRED');
  expect((await founded.approver('ana').person.approves(left, { proof })).said).toBe('409 CHALLENGE_EXPIRED');
  const reserved = async () => expected(await founded.scene.orderer.readsOrder(waiting), 200);
  expect((await reserved()).state).toBe('reserved');

  await passed(3 * DAY_S + HOUR_S, 'down');
  // The delay ran from when the signer first saw the request, over its restart.
  expect((await eventually(reserved, ({ state }) => state !== 'reserved' && state !== 'signing')).state).toBe('completed');
  await lapsed('lasting');
  for (const subject of ['ana', 'ben']) expect(expected(await founded.approver(subject).person.queue(), 200).items.map((o) => o.operationId)).toContain(operationOf('lasting').operationId);
  expect(await approves('lasting')).toMatchObject({ state: 'approved', decisions: [{}, {}] });
  await signs('lasting');
  await signs('decided');

  await passed(7 * DAY_S + HOUR_S, 'running');
  await lapsed('lasting');
  expect((await founded.administrator('admin-3').person.challenged(roster, { decision: 'approve' })).said).toBe('409 OPERATION_EXPIRED');
  expect(expected(await founded.scene.auditor.get('/v1/roster/firmware-approvers'), 200)).toMatchObject({ members: ['ana', 'ben'].map(founded.account) });
  operations.set('lasting', await founded.scene.orderer.operation({ lasting: 1 }, BOUND));
  expect((await approves('lasting'))?.state).toBe('approved');
  await signs('lasting');
}, 120_000);
