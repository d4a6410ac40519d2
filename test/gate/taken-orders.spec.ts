import { createHash } from 'node:crypto';
import { NOBODY_KNOWN, orderStatement } from '#identity/contract.js';
import type { Credential, Directory, ProofVerifier } from '#identity/contract.js';
import { RefusalRecorder } from '#operations/contract.js';
import type { ControlPlane, OperationView } from '#operations/contract.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { RequestOperationHandler } from '#operations/application/request-operation/request-operation.handler.js';
import { Bench, metaOf, ORDERER, plane, requestOf } from '#operations/application/testing/operations-bench.js';
import type { Policy, PolicyDocument } from '#policies/contract.js';
import { SignOrders } from '#signing/application/get-sign-order/sign-orders.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { PlaceSignOrderCommand } from '#signing/application/place-sign-order/place-sign-order.command.js';
import { PlaceSignOrderHandler } from '#signing/application/place-sign-order/place-sign-order.handler.js';

const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;
const digest = createHash('sha256').update('firmware').digest('base64');
const APPROVER = { type: 'approvers', count: 1, group: 'fw', role: 'approver' } as const;
/** Asks for proofs, and is met by nobody's approval. */
const SIGNED: PolicyDocument = { tree: { type: 'anyOf', of: [{ type: 'none' }, APPROVER] }, requiredProof: 'signature' };
const UNPROVEN: Policy = { ...SIGNED, allowUnprovenOrders: true };
const AWAITED: Policy = { tree: APPROVER, requiredProof: 'signature' };
/** A JWS is believed here; its payload is what it says. */
const BELIEVES: ProofVerifier = { decision: () => Promise.reject(new Error('no decision is looked at here')), jws: (jws) => Promise.resolve({ payload: Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString() }) };
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

class Scene extends Bench {
  credential: Credential = { credentialId: 'mine', owner: { issuer: ORDERER.issuer, subject: ORDERER.subject }, key: { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '' } }, label: '', status: 'active', createdAt: '' };
  session = true;
  private get plane(): ControlPlane {
    const directory: Directory = { ...NOBODY_KNOWN, credentialsOf: ({ subject }) => (subject === ORDERER.subject ? [this.credential] : []) };
    return plane({ directory, sessionNames: () => this.session });
  }
  async request(policy: Policy, over: Parameters<typeof requestOf>[0] = {}): Promise<OperationView> {
    this.keys.set('fw-prod', { approvalPolicy: policy });
    return new RequestOperationHandler(this.operations, this.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf(over)));
  }
  order({ operationId, requestDigest }: OperationView, { key = null, signed = false, keyId = 'fw-prod' }: { readonly key?: string | null; readonly signed?: boolean; readonly keyId?: string } = {}): Promise<SignOrderView> {
    const nothing = Promise.resolve(undefined);
    const handler = new PlaceSignOrderHandler(this.operations, this.keys, this.plane, BELIEVES, this.clock, this.store, { until: () => nothing, expect: () => ({ event: nothing, cancel: () => undefined }) }, { down: () => undefined }, new RefusalRecorder(this.operations, () => undefined), new SignOrders(this.store, this.operations));
    const stated = orderStatement({ operationId, requestDigest, idempotencyKey: key ?? '', keyId, digests: [digest] });
    const proof = signed ? { proof: `${base64url(JSON.stringify({ alg: 'EdDSA', kid: 'mine' }))}.${base64url(stated)}.AA` } : {};
    const meta = { ...metaOf(ORDERER, operationId, key), ...(key === null ? {} : { idempotencyKey: key }) };
    return handler.execute(new PlaceSignOrderCommand(meta, ORDERER, operationId, { keyId, input: { digests: [digest], digestAlgorithm: 'SHA-256' }, format: null, ...proof }, 0));
  }
}

describe('sign orders', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));

  describe('rule 3: sent again under their Idempotency-Key are answered as before', () => {
    it.each<readonly [string, (scene: Scene) => void]>([
      ['whose credential is suspended since', (s) => (s.credential = { ...s.credential, status: 'suspended' })],
      ['whose session is closed since', (s) => (s.session = false)],
      ['whose key is disabled since', (s) => s.keys.set('fw-prod', { status: 'disabled' })],
      ['whose policy asks for more since', (s) => s.keys.set('fw-prod', { approvalPolicy: AWAITED })],
      ['whose window is over since', (s) => (s.wall += 3_600_000)],
    ])('one %s', async (_, changes) => {
      const view = await scene.request(SIGNED);
      scene.keys.set('fw-prod', { purpose: 'root' });
      const first = await scene.order(view, { key: 'k', signed: true });
      changes(scene);
      expect(await scene.order(view, { key: 'k', signed: true })).toEqual(first);
      // A new one is refused.
      await expect(scene.order(view, { key: 'l', signed: true })).rejects.toHaveProperty('code');
      expect((await scene.events(view.operationId)).filter((e) => e.type === 'operations.uses-reserved.v1')).toHaveLength(1);
    });
  });

  describe('are refused for what the operation is before what the order lacks', () => {
    it.each<readonly [string, Policy, Parameters<typeof requestOf>[0], Parameters<Scene['order']>[1], (scene: Scene) => void, string]>([
      ['not approved', AWAITED, {}, {}, () => undefined, 'OPERATION_NOT_APPROVED'],
      ['over', SIGNED, {}, {}, (s) => (s.wall += 3_600_000), 'OPERATION_EXPIRED'],
      ['not open yet', SIGNED, { notBefore: '2026-11-20T13:00:00.000Z' }, {}, () => undefined, 'OPERATION_NOT_YET_VALID'],
      ['of another key', SIGNED, {}, { keyId: 'other' }, () => undefined, 'KEY_UNKNOWN'],
      ['of a disabled key', SIGNED, {}, {}, (s) => s.keys.set('fw-prod', { status: 'disabled' }), 'KEY_DISABLED'],
      ['nothing of it', SIGNED, {}, {}, () => undefined, 'SESSION_REQUIRED'],
      ['nothing of it, in a session', SIGNED, {}, {}, (s) => (s.session = true), 'PROOF_REQUIRED'],
    ])('%s', async (_, policy, asked, order, changes, expected) => {
      const view = await scene.request(policy, asked);
      scene.keys.set('fw-prod', { purpose: 'root' });
      scene.session = false;
      changes(scene);
      await expect(scene.order(view, order)).rejects.toEqual(code(expected));
    });
  });

  describe('rule 20: prove their orderer where a policy asks for it, as it was pinned or as it is in force', () => {
    it.each<readonly [string, Policy, Policy, boolean]>([
      ['both excuse them', UNPROVEN, UNPROVEN, false],
      ['the pinned one asks', SIGNED, UNPROVEN, true],
      ['the one in force asks', UNPROVEN, SIGNED, true],
      ['the one in force asks, and the pinned one asked for no proof', { type: 'none' }, SIGNED, true],
      ['nobody is asked for anything', { type: 'none' }, { type: 'none' }, false],
    ])('%s', async (_, pinned, inForce, asked) => {
      const view = await scene.request(pinned);
      scene.keys.set('fw-prod', { approvalPolicy: inForce });
      const order = scene.order(view);
      if (asked) await expect(order).rejects.toEqual(code('PROOF_REQUIRED'));
      else expect(await order).toMatchObject({ state: 'reserved' });
      expect(await scene.order(view, { key: 'k', signed: true })).toMatchObject({ state: 'reserved' });
    });

    it('and one that is bound to its digests proves nothing', async () => {
      expect(await scene.order(await scene.request(SIGNED, { binding: { digests: [digest] } }))).toMatchObject({ state: 'reserved' });
    });
  });
});
