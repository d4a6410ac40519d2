import { orderStatement } from '#identity/contract.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import type { Signatory } from './approver.js';
import { Founded } from './founded.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { NONE, ofFirmware } from './scene.js';
import { walk, walked } from './walk.js';
import type { Draw } from './walk.js';

interface Asking {
  readonly operationId: string;
  readonly requestDigest: string;
}
/** Three accounts of one human: two in groups that approve, one of them an administrator, and a pipeline that she owns. Each has a key of its own in the genesis. */
const EVE = ['eve', 'eve-2', 'eve-ci'] as const;
const ROLES = ['orderer', 'approver', 'administrator', 'auditor'];
const GROUPS = { groups: ['firmware-approvers', 'administrators'] };
const DIGEST = Buffer.alloc(32, 9).toString('base64');
const SIGNED = { tree: ofFirmware(2), requiredProof: 'signature' } as const;
const KEYS = { signed: SIGNED, named: { ref: 'guard' }, urgent: { ...SIGNED, emergency: { tree: ofFirmware(1), reviewWithinMs: 86_400_000, reviewers: { type: 'approvers', count: 1, role: 'administrator' } } }, token: ofFirmware(2), root: NONE };

let founded: Founded;
let eve: readonly Signatory[];
let protectedOperation: Asking;
beforeAll(async () => {
  founded = await Founded.open({
    administrators: ['eve', 'admin-2', 'admin-3'], others: ['eve-2', 'eve-ci', 'ana', 'orderer-1'], rosters: { 'firmware-approvers': ['eve', 'eve-2', 'ana'] },
    over: (account) => ({
      people: [{ personId: 'eve', accounts: [account('eve'), account('eve-2')], owns: [account('eve-ci')] }],
      policies: [{ name: 'guard', policy: SIGNED }],
      keys: [['evidence', NONE], ...Object.entries(KEYS)].map(([keyId, approvalPolicy]) => ({ keyId, purpose: keyId === 'evidence' || keyId === 'root' ? keyId : 'firmware', algorithm: 'ES256', approvalPolicy })),
    }),
  });
  eve = EVE.map((subject) => founded.signatory(subject, ROLES, GROUPS));
  protectedOperation = await founded.scene.orderer.operation({ signed: 1 }, { binding: { digests: [DIGEST] } });
});
afterAll(() => founded.close());

/** Everything that she can think of, signed with her own keys, rightly or not. */
function moves(draw: Draw, own: Asking[]): readonly (() => Promise<Answer<unknown>>)[] {
  const pick = <T>(of: readonly T[]): T => of[draw(of.length)] as T;
  const any = () => pick(eve);
  const operation = () => (own.length > 0 && draw(4) > 0 ? pick(own) : protectedOperation);
  const keyId = () => pick([...Object.keys(KEYS), 'mine']);
  const policy = () => pick([NONE, ofFirmware(1), { ...SIGNED, tree: ofFirmware(1) }, { type: 'approvers', count: 1, role: 'administrator' }, { ref: 'guard' }, { ref: 'weak' }]);
  const members = () => EVE.slice(0, 2).map(founded.account);
  const remembered = async <T>(asked: Promise<Answer<T>>): Promise<Answer<T>> => {
    const answer = await asked;
    const { operationId } = answer.body as { readonly operationId?: string };
    const read = operationId === undefined ? undefined : await any().person.reads({ operationId });
    if (read?.status === 200) own.push(read.body);
    return answer;
  };
  /** With a proof as it should be, with none, over an older head, or in a session that there is not. */
  const acts = (method: string, path: string, body: unknown) => remembered<unknown>(pick([
    () => any().acts(method, path, body), () => any().acts(method, path, body), () => any().person.send(method, path, body),
    () => any().acts(method, path, body, { previous: DIGEST }), () => any().acts(method, path, body, { session: operation().operationId }),
  ])());
  /** Of one account, in the name of another; over one operation, for another. */
  const approves = async (on: Asking, over: Asking): Promise<Answer<unknown>> => {
    const [by, signs] = [any(), any()];
    const asked = await by.person.challenged(over, { decision: 'approve' });
    if (asked.status !== 201) return asked;
    const { challengeId, statement } = asked.body;
    return by.person.approves(on, { proof: { type: 'jws', challengeId, jws: signs.signs(statement) } });
  };
  const orders = (by: Signatory, signs: Signatory, on: Asking, of: string, key: string) =>
    by.person.post(`/v1/operations/${on.operationId}/sign-orders`, { keyId: of, digests: [DIGEST], digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws: signs.signs(orderStatement({ ...on, idempotencyKey: key, keyId: of, digests: [DIGEST] })) } }, { key });
  const simple = async (on: Asking): Promise<Answer<unknown>> => {
    const by = any();
    return approves(on, on).then((answer) => (answer.status === 201 ? answer : by.person.approves(on)));
  };
  return [
    ...[{}, { binding: { digests: [DIGEST] } }, { emergency: { reason: 'x' }, binding: { digests: [DIGEST] } }].map((more) => () => remembered(any().person.requests({ [keyId()]: 1 + draw(3) }, more))),
    () => simple(operation()), () => simple(operation()), () => approves(operation(), operation()), () => any().person.withdraws(operation()),
    () => any().person.orders(operation(), { keyId: keyId(), digests: [DIGEST], digestAlgorithm: 'SHA-256' }), () => orders(any(), any(), operation(), keyId(), `order ${draw(9)}`),
    () => acts('PUT', `/v1/keys/${keyId()}/approval-policy`, policy()), () => acts('POST', `/v1/keys/${keyId()}/enable`, { reason: 'x' }),
    () => acts('POST', '/v1/keys', { keyId: pick(['mine', 'signed']), purpose: pick(['firmware', 'root']), algorithm: 'ES256', approvalPolicy: policy() }),
    () => acts('POST', '/v1/policies', { name: pick(['guard', 'weak']), policy: pick([NONE, ofFirmware(1), SIGNED]) }),
    () => acts('PUT', '/v1/assurance-levels/L1', { policy: NONE }), () => acts('PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 0 }), () => acts('PUT', '/v1/quorum', { quorum: 2 }),
    () => acts('PUT', `/v1/roster/${pick(['administrators', 'firmware-approvers'])}`, { members: members() }),
    () => acts('PUT', '/v1/people/eve', { accounts: members().slice(0, 1), owns: [] }), () => acts('PUT', '/v1/people/ana', { accounts: [founded.account('ana'), founded.account('orderer-1')] }),
    () => acts('PUT', '/v1/issuers', { issuers: [{ issuer: founded.scene.service.issuer.url, audience: 'countersign', rules: [{ match: { sub: 'eve' }, roles: ['approver'] }] }] }),
    () => acts('POST', '/v1/administration-sessions', { purpose: 'mine', validMs: 600_000, grants: [{ action: 'administer', resource: 'PUT /v1/keys/*/approval-policy' }, { action: 'sign', resource: 'root', maxUsageCount: 9 }] }),
    () => acts('POST', `/v1/administration-sessions/${operation().operationId}/close`, undefined), () => acts('POST', '/v1/credentials/eve-key/resume', { reason: 'x' }),
    () => acts('POST', '/v1/deputies', { deputy: founded.account(pick(EVE)), groups: ['firmware-approvers'], from: '2026-01-01T00:00:00.000Z', until: '2099-01-01T00:00:00.000Z', reason: 'x' }),
    () => remembered(any().person.post('/v1/credentials', { type: 'jwk', publicJwk: newKeyPair('ES256').publicJwk, label: 'another' })),
    () => any().person.challenged(operation(), { decision: 'approve', credentialId: pick(['ana-key', 'eve-key', 'admin-2-key']) }),
    () => any().person.post(`/v1/reviews/${operation().operationId}`, { verdict: 'justified', comment: 'x' }),
  ];
}

it('rule 22: one human with every role, three accounts and their keys has nothing signed, and changes nothing but whom she names as a deputy', async () => {
  const { scene } = founded;
  const own: Asking[] = [];
  const { revision } = await founded.controlPlane();
  const answers = await walked(60, async (choices) => {
    const said = await walk(choices, (draw) => moves(draw, own));
    const { items } = expected(await scene.auditor.audit('?limit=200&type=signing.started.v1'), 200);
    expect(items).toEqual([]);
    const deputies = expected(await scene.auditor.audit('?limit=200&type=administration.deputy-named.v1'), 200).items;
    expect((await founded.controlPlane()).revision - revision).toBe(deputies.length);
    for (const { operationId } of own) {
      const { state, keyUsages } = expected(await scene.auditor.get<{ readonly state: string; readonly keyUsages: readonly { readonly keyId: string }[] }>(`/v1/operations/${operationId}`), 200);
      // That of the root key needs nobody, and a session that others open.
      if (keyUsages[0]?.keyId !== 'root') expect(state).not.toBe('approved');
    }
    return said;
  });
  // She did try: calls went through as well as not.
  expect([...answers]).toEqual(expect.arrayContaining(['201', '202', '403 SELF_APPROVAL']));
  // She was one approval away from it, and has broken nothing.
  const approver = founded.approver('ana');
  const operation = expected(await scene.orderer.reads(protectedOperation), 200);
  if (operation.decisions.length === 0) expected(await (eve[0] as Signatory).approves(operation), 201);
  expect(expected(await approver.approves(operation), 201).state).toBe('approved');
  const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'signed', digests: [DIGEST], digestAlgorithm: 'SHA-256' }));
  expect([order.state, order.blockers]).toEqual(['completed', undefined]);
}, 120_000);
