import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperationView } from '#operations/application/operation-view.js';
import { runProgram } from '#test/demo/program.js';
import { EMBEDDED } from '#test/system/stores.js';
import { eventually, isFinal } from '#test/system/steps.js';
import { AlteredStore, operationStream } from './altered-store.js';
import type { Signatory } from './approver.js';
import { Founded } from './founded.js';
import { expected } from './person.js';
import { NONE, ofFirmware } from './scene.js';

// Somebody stops the service, writes its event store as he likes, orders with a good signature of the orderer, and starts it again. He holds no key of anybody else.
const SIGNED = { tree: ofFirmware(2), requiredProof: 'signature' } as const;

interface Forgery {
  readonly what: string;
  readonly keyId?: string;
  /** What was done by the api. */
  readonly done: (operation: OperationView) => Promise<unknown>;
  readonly altered: (store: AlteredStore, stream: string) => void;
  readonly code: string;
}

let founded: Founded;
let ana: Signatory;
let ben: Signatory;
let oli: Signatory;
const approved = async (operation: OperationView): Promise<void> => {
  for (const one of [ana, ben]) expected(await one.approves(operation), 201);
};
const FORGERIES: readonly Forgery[] = [
  { what: 'an approval dropped', done: approved, altered: (store, stream) => store.drop(stream, 'operations.approval-given.v1'), code: 'QUORUM_NOT_MET' },
  { what: 'an approval edited to be another person’s', done: async (o) => void expected(await ana.approves(o), 201), altered: (store, stream) => {
    const given = JSON.parse(store.stream(stream).findLast((e) => e.type === 'operations.approval-given.v1')?.data ?? '{}') as { readonly by: object };
    store.append(stream, 'operations.approval-given.v1', { ...given, by: { ...given.by, subject: 'ben' } });
    store.append(stream, 'operations.approved.v1', {});
  }, code: 'QUORUM_NOT_MET' },
  { what: '`approved` inserted', done: () => Promise.resolve(), altered: (store, stream) => store.append(stream, 'operations.approved.v1', {}), code: 'QUORUM_NOT_MET' },
  { what: 'a request edited to allow more uses', done: approved, altered: (store, stream) => store.edit(stream, 'operations.requested.v1', (data) => ({ ...data, keyUsages: (data['keyUsages'] as readonly object[]).map((one) => ({ ...one, maxUsageCount: 1_000 })) })), code: 'POLICY_TAMPERED' },
  { what: 'a request edited to last longer', done: approved, altered: (store, stream) => store.edit(stream, 'operations.requested.v1', (data) => ({ ...data, expiresAt: '2099-01-01T00:00:00.000Z' })), code: 'POLICY_TAMPERED' },
  { what: 'a request edited to be under no policy', done: () => Promise.resolve(), altered: (store, stream) => {
    store.edit(stream, 'operations.requested.v1', (data) => ({ ...data, keyUsages: (data['keyUsages'] as readonly object[]).map((one) => ({ ...one, policy: NONE })) }));
    store.append(stream, 'operations.approved.v1', {});
  }, code: 'POLICY_TAMPERED' },
  { what: 'a revocation dropped', done: async (o) => {
    await approved(o);
    expected(await oli.person.revokes(o), 201);
  }, altered: (store, stream) => store.drop(stream, 'operations.revoked.v1'), code: 'OPERATION_REVOKED' },
  { what: '`approved` inserted behind a revocation', done: async (o) => {
    await approved(o);
    expected(await oli.person.revokes(o), 201);
  }, altered: (store, stream) => store.append(stream, 'operations.approved.v1', {}), code: 'OPERATION_REVOKED' },
  { what: 'a withdrawal dropped', done: async (o) => {
    await approved(o);
    expected(await ben.person.withdraws(o), 200);
  }, altered: (store, stream) => store.drop(stream, 'operations.approval-withdrawn.v1'), code: 'QUORUM_NOT_MET' },
  { what: 'a withdrawal and the rejection behind it dropped', done: async (o) => {
    await approved(o);
    expected(await ben.person.withdraws(o), 200);
    expected(await ben.person.rejects(o), 201);
  }, altered: (store, stream) => {
    for (const type of ['approval-withdrawn', 'rejection-given', 'rejected']) store.drop(stream, `operations.${type}.v1`);
  }, code: 'OPERATION_REVOKED' },
  { what: 'a key’s own stream edited to have another key’s pair', keyId: 'open', done: () => Promise.resolve(), altered: (store, stream) => {
    const other = JSON.parse(store.stream('key-fw').find((e) => e.type === 'keys.registered.v1')?.data ?? '{}') as Readonly<Record<string, unknown>>;
    store.edit('key-open', 'keys.registered.v1', (data) => ({ ...data, publicKey: other['publicKey'], publicKeySha256: other['publicKeySha256'], ckaIdHex: other['ckaIdHex'] }));
    store.edit(stream, 'operations.requested.v1', (data) => ({ ...data, keyUsages: (data['keyUsages'] as readonly object[]).map((one) => ({ ...one, publicKeySha256: other['publicKeySha256'] })) }));
  }, code: 'BINDING_MISMATCH' },
];

beforeAll(async () => {
  founded = await Founded.open({ others: ['ana', 'ben', 'oli'], rosters: { 'firmware-approvers': ['ana', 'ben'] }, keys: { fw: SIGNED, open: NONE }, options: { hsm: 'shim', stores: EMBEDDED } });
  [ana, ben] = [founded.approver('ana'), founded.approver('ben')];
  oli = founded.signatory('oli', ['orderer']);
});
afterAll(() => founded.close());

const signed = (): number => founded.scene.service.shim.calls('C_Sign');
/** How the order ended: a trail of everything refuses a store with gaps. */
const codeOf = async ({ operationId, signOrderId }: { readonly operationId: string; readonly signOrderId: string }): Promise<string> => {
  const { body } = await eventually(() => oli.person.readsOrder({ operationId, signOrderId }), ({ status, body: order }) => status === 200 && isFinal(order), 20_000);
  return body.state === 'halted' ? String(body.failure?.code) : body.state;
};
/** Stops it, has its store altered, and starts it again. */
const meanwhile = async <T>(alter: (store: AlteredStore) => T, ready = true): Promise<T> => {
  const { service } = founded.scene;
  await service.stop();
  const store = new AlteredStore(service.dataDir);
  try {
    return alter(store);
  } finally {
    store.close();
    await service.up({ ready });
  }
};

it('rules 21 and 25: who alters the event store while the service is down gets no signature', async () => {
  const made: { readonly forgery: Forgery; readonly operation: OperationView }[] = [];
  for (const forgery of FORGERIES) {
    const operation = await oli.person.operation({ [forgery.keyId ?? 'fw']: 1 });
    await forgery.done(operation);
    made.push({ forgery, operation });
  }
  const honest = await oli.person.operation({ fw: 1 });
  await approved(honest);
  const before = signed();
  const orders = await meanwhile((store) => made.map(({ forgery, operation }) => {
    forgery.altered(store, operationStream(operation));
    return { what: forgery.what, code: forgery.code, operationId: operation.operationId, signOrderId: store.order(oli, operation, forgery.keyId ?? 'fw') };
  }));
  const ends: unknown[] = [];
  for (const order of orders) ends.push([order.what, await codeOf(order)]);
  expect(ends).toEqual(orders.map(({ what, code }) => [what, code]));
  expect(signed()).toBe(before);
  // Nobody else's operation is in the way of it.
  expect(await founded.scene.ended(await oli.orders(honest, 'fw', [Buffer.alloc(32, 7).toString('base64')], 'honest'), oli.person)).toMatchObject({ state: 'completed' });
  expect(signed()).toBe(before + 1);
});

it('rules 16, 17 and 22: what was signed once is not signed again when all that tells of it is taken out, whoever accepts the store', async () => {
  const operation = await oli.person.operation({ fw: 1 });
  await approved(operation);
  expect(await founded.scene.ended(await oli.orders(operation, 'fw', [Buffer.alloc(32, 8).toString('base64')], 'once'), oli.person)).toMatchObject({ state: 'completed' });
  await founded.scene.trail(operation, (items) => items.some((e) => e.type === 'operations.exhausted.v1'));
  const last = await oli.person.operation({ fw: 1 });
  await approved(last);
  const before = signed();
  const again = await meanwhile((store) => {
    const stream = operationStream(operation);
    for (const type of ['uses-reserved', 'uses-settled', 'exhausted']) store.drop(stream, `operations.${type}.v1`);
    return { operationId: operation.operationId, signOrderId: store.order(oli, operation, 'fw') };
  }, false);
  const { text } = await eventually(() => founded.scene.service.readiness(), (readiness) => readiness.text.includes('STORE_BEHIND'), 20_000);
  expect(signed()).toBe(before);

  // Rule 22: nobody accepts it without a signature. Accepted, what the ledger counted stays spent.
  const head = /[0-9a-f-]{36}:\d+-[0-9a-f]{16}/.exec(text)?.[0] ?? '';
  expect((await founded.scene.admin.post('/v1/ledger/acceptances', { head, comment: 'as it is' })).said).toBe('403 PROOF_REQUIRED');
  const { service } = founded.scene;
  for (const subject of ['admin-1', 'admin-2']) {
    const { privateKey, credentialId } = founded.administrator(subject);
    const [key, token] = [join(service.dir, `${subject}.pem`), join(service.dir, `${subject}.token`)];
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(token, service.issuer.token(subject, ['administrator']), { mode: 0o600 });
    const { code, err } = await runProgram('apps/cli/src/main', ['ledger', 'accept', '--head', head, '--comment', 'as it is', '--url', service.base, '--token-file', token, '--credential', credentialId, '--key', key]);
    expect([code, err]).toEqual([0, '']);
  }
  expect(await codeOf(again)).toBe('USAGE_EXHAUSTED');
  expect(await founded.scene.ended(await oli.orders(last, 'fw', [Buffer.alloc(32, 9).toString('base64')], 'last'), oli.person)).toMatchObject({ state: 'completed' });
  expect(signed()).toBe(before + 1);
});
