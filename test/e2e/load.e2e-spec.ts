import { createHash, verify } from 'node:crypto';
import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { eventually, trailOf } from '#test/system/steps.js';
import type { TrailEvent } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { Scene, ofFirmware } from './scene.js';

const ROUNDS = 12;
const bytes = (n: number): Buffer => Buffer.from(`message ${n}`);
const digest = (n: number): string => createHash('sha256').update(bytes(n)).digest('base64');

let scene: Scene;
let free: KeyBody;
beforeAll(async () => {
  scene = await Scene.open({ hsm: 'shim' });
  free = await scene.key('free');
  await scene.key('one', 'ES256', ofFirmware(1));
  await scene.key('two', 'ES256', ofFirmware(2));
});
afterAll(() => scene.close());

const verifies = (n: number, signature: string | null | undefined): boolean => verify('sha256', bytes(n), free.publicKeyPem ?? '', Buffer.from(signature ?? '', 'base64'));
const types = (trail: readonly TrailEvent[], ...wanted: readonly string[]): readonly string[] => trail.map((e) => e.type.replace(/\.v\d+$/, '')).filter((t) => wanted.includes(t));
const tally = (answers: readonly Answer<unknown>[]): Readonly<Record<string, number>> => answers.reduce<Record<string, number>>((all, { said }) => ({ ...all, [said]: (all[said] ?? 0) + 1 }), {});

it('64 clients on one operation with 100 uses: exactly 100 signatures, the rest USAGE_EXHAUSTED', async () => {
  const operation = await scene.orderer.operation({ free: 100 });
  const before = scene.service.shim.calls('C_Sign');
  const answers: { readonly n: number; readonly answer: Answer<SignOrderView> }[] = [];
  const client = async (c: number): Promise<void> => {
    for (let i = 0; i < 4; i += 1) answers.push({ n: c * 4 + i, answer: await scene.orderer.orders(operation, { keyId: 'free', data: bytes(c * 4 + i).toString('base64') }) });
  };
  await Promise.all(Array.from({ length: 64 }, (_, c) => client(c)));
  const ended = await Promise.all(answers.filter(({ answer }) => answer.status < 300).map(async ({ n, answer }) => ({ n, order: await scene.ended(answer) })));
  expect(tally(answers.map(({ answer }) => answer).filter((a) => a.status >= 300))).toEqual({ '409 USAGE_EXHAUSTED': 156 });
  expect(ended.length).toBe(100);
  for (const { n, order } of ended) expect({ state: order.state, count: order.signatures?.length, good: verifies(n, order.signatures?.[0]) }).toEqual({ state: 'completed', count: 1, good: true });
  expect(new Set(ended.map(({ order }) => order.signatures?.[0])).size).toBe(100);
  expect(scene.service.shim.calls('C_Sign') - before).toBe(100);
  const final = await eventually(async () => expected(await scene.orderer.reads(operation), 200), (o) => o.state === 'exhausted');
  expect(final.keyUsages[0]).toMatchObject({ usedCount: 100, remainingCount: 0 });
  const trail = await eventually(() => trailOf(scene.service, { ...operation }), (items) => types(items, 'signing.completed').length === 100);
  expect({ reserved: types(trail, 'operations.uses-reserved').length, started: types(trail, 'signing.started').length, exhausted: types(trail, 'operations.exhausted').length }).toEqual({ reserved: 100, started: 100, exhausted: 1 });
});

it('orders of 100 digests at one instant: never more than granted, all or none', async () => {
  const operation = await scene.orderer.operation({ free: 1_050 });
  const before = scene.service.shim.calls('C_Sign');
  const order = (from: number, count = 100) => scene.orderer.orders(operation, { keyId: 'free', digests: Array.from({ length: count }, (_, i) => digest(from + i)), digestAlgorithm: 'SHA-256' }, { headers: { prefer: 'wait=30' } });
  const answers = await Promise.all(Array.from({ length: 16 }, async (_, i) => ({ from: i * 100, answer: await order(i * 100) })));
  expect(tally(answers.map(({ answer }) => answer))).toEqual({ 201: 10, '409 USAGE_EXHAUSTED': 6 });
  for (const { from, answer } of answers.filter((a) => a.answer.status === 201)) {
    expect(answer.body).toMatchObject({ state: 'completed', usesConsumed: 100 });
    expect(answer.body.signatures?.every((signature, i) => verifies(from + i, signature))).toBe(true);
  }
  expect((await order(0, 51)).said).toBe('409 USAGE_EXHAUSTED');
  expect((await order(0, 50)).body).toMatchObject({ state: 'completed', usesConsumed: 50 });
  expect(scene.service.shim.calls('C_Sign') - before).toBe(1_050);
});

describe('at one instant', () => {
  /** What is tried on fresh operations, many times. */
  const rounds = async (uses: Readonly<Record<string, number>>, approvedBy: readonly ('ana' | 'ben')[], race: (operation: OperationView, round: number) => Promise<string>): Promise<ReadonlySet<string>> => {
    const ways = new Set<string>();
    for (let n = 0; n < ROUNDS; n += 1) {
      let operation = await scene.orderer.operation(uses);
      for (const name of approvedBy) operation = expected(await scene[name].approves(operation), 201);
      ways.add(await race(operation, n));
    }
    return ways;
  };
  /** Starts each after the one before it by turns, so that both orders come about. */
  const both = <A, B>(round: number, a: () => Promise<A>, b: () => Promise<B>): Promise<readonly [A, B]> => {
    if (round % 2 === 0) return Promise.all([a(), b()]);
    const second = b();
    return Promise.all([a(), second]);
  };
  const state = async (operation: OperationView): Promise<OperationView> => expected(await scene.admin.reads(operation), 200);

  it('two approvals both count', async () => {
    await rounds({ two: 1 }, [], async (operation, n) => {
      const answers = await both(n, () => scene.ana.approves(operation), () => scene.ben.approves(operation));
      expect(answers.map((a) => a.said)).toEqual(['201', '201']);
      expect(answers.map((a) => a.body.state).sort()).toEqual(['approved', 'pending']);
      const after = await state(operation);
      expect({ state: after.state, by: after.decisions.map((d) => d.by.subject).sort() }).toEqual({ state: 'approved', by: ['ana', 'ben'] });
      return '';
    });
  });
  it('three approvals where two are needed: two count', async () => {
    await rounds({ two: 1 }, [], async (operation) => {
      const answers = await Promise.all([scene.ana, scene.ben, scene.cleo].map((p) => p.approves(operation)));
      expect(answers.map((a) => a.said).sort()).toEqual(['201', '201', '409 OPERATION_APPROVED']);
      expect((await state(operation)).decisions.length).toBe(2);
      return '';
    });
  });
  it('approval and revocation end in one consistent state', async () => {
    const ways = await rounds({ one: 1 }, [], async (operation, n) => {
      const [approved, revoked] = await both(n, () => scene.ana.approves(operation), () => scene.admin.revokes(operation));
      expect(revoked.said).toBe('201');
      const trail = types(await eventually(() => trailOf(scene.service, { ...operation }), (t) => types(t, 'operations.revoked').length === 1), 'operations.approval-given', 'operations.approved', 'operations.revoked');
      expect(trail).toEqual(approved.status === 201 ? ['operations.approval-given', 'operations.approved', 'operations.revoked'] : ['operations.revoked']);
      expect((await state(operation)).state).toBe('revoked');
      expect((await scene.orderer.orders(operation, { keyId: 'one', data: 'eA==' })).said).toBe('409 OPERATION_REVOKED');
      return approved.said;
    });
    expect([...ways].every((said) => ['201', '409 OPERATION_REVOKED'].includes(said))).toBe(true);
  });
  it('approval and rejection: one of them is the decision', async () => {
    await rounds({ one: 1 }, [], async (operation, n) => {
      const [approved, rejected] = await both(n, () => scene.ana.approves(operation), () => scene.ben.rejects(operation));
      const after = await state(operation);
      expect([approved.said, rejected.said, after.state]).toEqual(approved.status === 201 ? ['201', '409 OPERATION_APPROVED', 'approved'] : ['409 OPERATION_REJECTED', '201', 'rejected']);
      return after.state;
    });
  });
  it('withdrawal and order: either the approval is gone, or in use', async () => {
    await rounds({ one: 1 }, ['ana'], async (operation, n) => {
      const [withdrawn, ordered] = await both(n, () => scene.ana.withdraws(operation), () => scene.orderer.orders(operation, { keyId: 'one', data: 'eA==' }));
      expect([withdrawn.said, ordered.said]).toEqual(withdrawn.status === 200 ? ['200', '409 OPERATION_NOT_APPROVED'] : ['409 APPROVAL_IN_USE', '201']);
      return withdrawn.said;
    });
  });
  it('withdrawal of one and approval of another: who withdrew does not count', async () => {
    await rounds({ two: 1 }, ['ana'], async (operation, n) => {
      const [withdrawn, approved] = await both(n, () => scene.ana.withdraws(operation), () => scene.ben.approves(operation));
      expect([withdrawn.said, approved.said]).toEqual(['200', '201']);
      const after = await state(operation);
      expect({ state: after.state, by: after.decisions.map((d) => d.by.subject) }).toEqual({ state: 'pending', by: ['ben'] });
      return '';
    });
  });
  it('two revocations: one of them revokes', async () => {
    await rounds({ one: 1 }, [], async (operation, n) => {
      const answers = await both(n, () => scene.ana.revokes(operation), () => scene.admin.revokes(operation));
      expect(answers.map((a) => a.said).sort()).toEqual(['201', '409 OPERATION_REVOKED']);
      return '';
    });
  });
});

it('a revocation under load: what was not signed is not spent, and nothing signs after it but what it names', async () => {
  const operation = await scene.orderer.operation({ free: 1_000 });
  const orders: Promise<Answer<SignOrderView>>[] = Array.from({ length: 96 }, (_, n) => scene.orderer.orders(operation, { keyId: 'free', data: bytes(n).toString('base64') }));
  await orders[0];
  const revoked = expected(await scene.admin.revokes(operation), 201);
  const answers = await Promise.all(orders);
  const ended = await Promise.all(answers.filter((a) => a.status < 300).map((a) => scene.ended(a)));
  expect(answers.filter((a) => a.status >= 300).every((a) => a.said === '409 OPERATION_REVOKED')).toBe(true);
  expect(ended.every((o) => o.state === 'completed' || (o.state === 'halted' && o.failure?.code === 'OPERATION_REVOKED' && o.usesConsumed === 0))).toBe(true);
  const completed = ended.filter((o) => o.state === 'completed').length;
  await eventually(async () => expected(await scene.orderer.reads(operation), 200).keyUsages[0]?.usedCount, (used) => used === completed);
  const trail = await eventually(() => trailOf(scene.service, { ...operation }), (t) => types(t, 'signing.completed').length === completed);
  const at = trail.findIndex((e) => e.type === 'operations.revoked.v1');
  const late = trail.slice(at).filter((e) => e.type === 'signing.completed.v1').map((e) => e.stream.replace('signOrder-', ''));
  expect(late.filter((id) => !revoked.inFlight.includes(id))).toEqual([]);
});
