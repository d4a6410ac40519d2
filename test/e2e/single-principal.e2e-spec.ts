import { isFinal } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, Person } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';
import { walk, walked } from './walk.js';
import type { Draw } from './walk.js';

const DIGEST = Buffer.alloc(32, 9).toString('base64');

let scene: Scene;
let protectedOperation: { readonly operationId: string; readonly requestDigest: string };
const POLICY = { tree: ofFirmware(2), maxUsageCount: 10 } as const;
beforeAll(async () => {
  // The keys are there before two administrators are asked for a change.
  scene = await Scene.open();
  await scene.key('guarded', 'ES256', POLICY);
  expected(await scene.admin.post('/v1/policies', { name: 'guard', policy: ofFirmware(2) }), 201);
  await scene.key('by-name', 'ES256', { ref: 'guard' });
  await scene.service.stop();
  scene.service.configure({ administration: { quorum: 2 } });
  await scene.service.up();
  protectedOperation = await scene.orderer.operation({ guarded: 3 });
});
afterAll(() => scene.close());

/** Everything that one person with every role and group can think of. */
function moves(eve: Person, draw: Draw, own: { readonly operationId: string; readonly requestDigest: string }[]): readonly (() => Promise<Answer<unknown>>)[] {
  const pick = <T>(of: readonly T[]): T => of[draw(of.length)] as T;
  const keyId = () => pick(['guarded', 'by-name', 'mine']);
  const policy = () => pick([NONE, ofFirmware(1), ofFirmware(2), { type: 'approvers', count: 1, role: 'administrator' }, { tree: ofFirmware(2), evaluateEligibility: 'atDecision' }, { ref: 'guard' }, { ref: 'weak' }]);
  const operation = () => (own.length > 0 && draw(4) > 0 ? pick(own) : protectedOperation);
  const account = { issuer: eve.issuer, subject: eve.subject };
  const remembered = async <T extends { readonly operationId?: string; readonly requestDigest?: string }>(asked: Promise<Answer<T>>): Promise<Answer<T>> => {
    const answer = await asked;
    if (answer.body.operationId !== undefined) {
      const read = await eve.reads({ operationId: answer.body.operationId });
      if (read.status === 200) own.push(read.body);
    }
    return answer;
  };
  return [
    () => remembered(eve.requests({ [keyId()]: 1 + draw(3) })),
    () => remembered(eve.requests({ [keyId()]: 1 }, { emergency: { reason: 'x' } })),
    () => eve.approves(operation()), () => eve.approves(operation()), () => eve.rejects(operation()), () => eve.withdraws(operation()),
    () => eve.orders(operation(), { keyId: keyId(), digests: [DIGEST], digestAlgorithm: 'SHA-256' }), () => eve.orders(operation(), { keyId: keyId(), digests: [DIGEST], digestAlgorithm: 'SHA-256' }),
    () => remembered(eve.setsPolicy(keyId(), policy()) as Promise<Answer<{ readonly operationId?: string }>>),
    () => remembered(eve.registers({ keyId: pick(['mine', 'guarded', 'copy']), purpose: 'firmware', algorithm: 'ES256', approvalPolicy: policy(), ...(draw(2) === 0 ? {} : { pkcs11: { label: 'guarded' } }) }) as Promise<Answer<{ readonly operationId?: string }>>),
    () => remembered(eve.enables(keyId()) as Promise<Answer<{ readonly operationId?: string }>>),
    () => remembered(eve.post('/v1/policies', { name: pick(['guard', 'weak']), policy: pick([NONE, ofFirmware(1)]) })),
    () => remembered(eve.send('PUT', `/v1/assurance-levels/${pick(['L0', 'L1'])}`, { policy: NONE })),
    () => remembered(eve.send('PUT', '/v1/roster/firmware-approvers', { members: [account] })),
    () => remembered(eve.send('PUT', '/v1/people/eve', { accounts: [account] })),
    () => remembered(eve.send('PUT', '/v1/people/ana', { accounts: [{ issuer: eve.issuer, subject: 'ana' }, { issuer: eve.issuer, subject: 'orderer-1' }] })),
    () => remembered(eve.send('PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 0 })),
    () => remembered(eve.send('PUT', '/v1/quorum', { quorum: 2 })),
    () => remembered(eve.post('/v1/administration-sessions', { purpose: 'mine', validMs: 600_000, grants: [{ action: 'administer', resource: 'PUT /v1/keys/*/approval-policy' }, { action: 'sign', resource: 'guarded', maxUsageCount: 9 }] })),
    () => eve.post('/v1/deputies', { deputy: account, groups: ['firmware-approvers'], from: '2026-01-01T00:00:00.000Z', until: '2099-01-01T00:00:00.000Z', reason: 'x' }),
    () => remembered(eve.post('/v1/credentials', { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, label: `own ${draw(1_000)}` })),
    () => eve.challenged(operation(), { decision: 'approve' }),
    () => eve.post(`/v1/reviews/${operation().operationId}`, { verdict: 'justified', comment: 'x' }),
  ];
}

it('one person with every role neither signs under a policy of two nor weakens it', async () => {
  let walks = 0;
  const answers = await walked(120, async (choices) => {
    const eve = scene.as(`eve-${(walks += 1)}`, ['orderer', 'approver', 'administrator', 'auditor'], { groups: ['firmware-approvers', 'administrators', 'release-board'] });
    const own: { readonly operationId: string; readonly requestDigest: string }[] = [];
    const said = await walk(choices, (draw) => moves(eve, draw, own));
    expect(expected(await scene.admin.get<{ readonly approvalPolicy: object }>('/v1/keys/guarded'), 200).approvalPolicy).toMatchObject({ tree: { type: 'approvers', count: 2, group: 'firmware-approvers' } });
    expect(expected(await scene.admin.get<{ readonly version: number; readonly policy: object }>('/v1/policies/guard'), 200)).toMatchObject({ version: 1, policy: { count: 2 } });
    for (const operation of [...own, protectedOperation]) {
      const orders = await scene.auditor.listsOrders(operation, '?limit=200');
      if (orders.status === 200) expect(orders.body.items.filter((o) => isFinal(o) && o.state === 'completed')).toEqual([]);
    }
    expect(expected(await scene.auditor.audit('?type=signing.completed.v1'), 200).items).toEqual([]);
    return said;
  });
  // She did try: calls went through as well as not.
  expect([...answers]).toEqual(expect.arrayContaining(['201', '202', '403 SELF_APPROVAL']));
}, 180_000);
