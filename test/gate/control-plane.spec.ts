import { createHash, randomUUID } from 'node:crypto';
import { copyOf } from '#eventing/testing/exchangeable-store.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import { chainDigest, controlPlaneStream } from '#administration/contract.js';
import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { operationStream } from '#operations/contract.js';
import { keyStream } from '#keys/contract.js';
import { LedgerUnavailableError } from '#signing/application/ports/ledger.port.js';
import { GateWorld } from './gate-world.js';
import type { GateWorldOptions, Request } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
const good = (w: GateWorld, r: Request): readonly Stored[] => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r)]);
const over = (event: Stored | undefined, more: object): Stored => ({ type: event?.type ?? '', data: { ...(event?.data as object), ...more } });
const swapped = (events: readonly Stored[], a: number, b: number): readonly Stored[] => events.map((e, i) => (i === a ? events[b] ?? e : i === b ? events[a] ?? e : e));

describe('the control plane, by a signer who trusts nobody else', () => {
  let world: GateWorld;
  const begin = (options: GateWorldOptions = {}): GateWorld => (world = new GateWorld(options));
  afterEach(() => world.stop());
  /** Everything before it was there when the signer began; what it does is told live. */
  const revoked = (w: GateWorld): void => void w.chain.act(w.chain.admin(0), 'POST', `/v1/credentials/${w.fay.credentialId}/revoke`, { reason: 'lost' });

  describe('altered', () => {
    it.each<[string, (events: readonly Stored[]) => readonly Stored[]]>([
      ['an act taken out of the middle', (e) => e.filter((_, i) => i !== 2)],
      ['the genesis taken out', (e) => e.slice(1)],
      ['all of it taken out', () => []],
      ['two acts in the other order', (e) => swapped(e, 1, 2)],
      ['another body of an act', (e) => e.map((one, i) => (i === 2 ? over(one, { body: { ...(one.data as { body: object }).body, label: 'another' } }) : one))],
      ['another actor of an act', (e) => e.map((one, i) => (i === 2 ? over(one, { by: { issuer: 'https://idp.example', subject: 'ada' } }) : one))],
      ['another genesis', (e) => e.map((one, i) => (i === 0 ? over(one, { document: { ...(one.data as { document: object }).document, quorum: 3 } }) : one))],
      ['another digest beside the genesis', (e) => e.map((one, i) => (i === 0 ? over(one, { digest: 'ab'.repeat(32) }) : one))],
      ['an enrolment with one approval less', (e) => e.map((one, i) => (i === 1 ? over(one, { authority: { ...(one.data as { authority: { decisions: readonly unknown[] } }).authority, decisions: [] } }) : one))],
      ['another pair bound to the key', (e) => e.map((one) => (one.type === 'administration.key-bound.v1' ? over(one, { publicKeySha256: 'ab'.repeat(32) }) : one))],
      ['an event that nobody knows', (e) => [...e, { type: 'administration.anything.v1', data: { previous: null } }]],
    ])('rule 22: nothing is signed, and the blocker names it: %s', async (_what, alter) => {
      begin();
      await world.begin(alter(world.planeEvents));
      const request = world.request();
      const [code] = await world.blocked(request.operationId, good(world, request));
      expect(['CONTROL_PLANE_BROKEN', 'BINDING_MISMATCH']).toContain(code);
      expect(world.hsm.signed).toEqual([]);
    });

    it('rule 22: an act that an administrator signed for another place counts nowhere', async () => {
      begin();
      await world.begin();
      revoked(world);
      const revocation = world.planeEvents.at(-1);
      world.chain.act(world.chain.admin(1), 'POST', '/v1/keys/k/disable', { reason: 'x' });
      await world.write(controlPlaneStream(DEPLOYMENT), [...world.planeEvents.slice(-1), ...(revocation === undefined ? [] : [revocation])]);
      const request = world.request();
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['CONTROL_PLANE_BROKEN']);
    });

    it('rule 22: a genesis that the configuration does not pin is none', async () => {
      begin();
      world.saga.genesis = 'ab'.repeat(32);
      await world.begin();
      const request = world.request();
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['CONTROL_PLANE_BROKEN']);
    });

    it('rule 22: where none is pinned, the genesis can not become another one', async () => {
      begin();
      world.saga.genesis = null;
      await world.begin();
      const request = world.request();
      expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
      expect(await world.saga.ledger.note('genesis', DEPLOYMENT)).toBe(world.chain.digest);
      world.stop();
      // The same signers' ledger, beside a control plane that begins with another one.
      const other = begin({ genesis: { rpId: 'other.example' } });
      other.saga.genesis = null;
      await other.saga.ledger.noteOnce('genesis', DEPLOYMENT, 'ab'.repeat(32));
      await other.begin();
      const again = other.request();
      expect(await other.blocked(again.operationId, good(other, again))).toEqual(['CONTROL_PLANE_BROKEN']);
    });

    it('rule 21: a revocation that was relied on, and is taken out later, stops signing', async () => {
      begin();
      await world.begin();
      revoked(world);
      await world.writePlane();
      const first = world.request();
      const [byGil, byEve] = [world.approval(world.gil, first), world.approval(world.eve, first)];
      expect((await world.signs(first.operationId, world.stored(first, [byGil, byEve]))).type).toBe('signing.completed.v1');
      world.handle?.kill();
      const without = await copyOf(world.saga.store, (e) => e.type !== 'administration.credential-revoked.v1');
      world.saga.restartLedger();
      const { signer } = await world.saga.signer('signer-1', { store: without });
      expect(signer.down()).toMatch(/^STORE_BEHIND/);
    });
  });

  describe('in force', () => {
    it.each<[string, (w: GateWorld) => void, readonly string[]]>([
      ['a credential is revoked', revoked, ['QUORUM_NOT_MET', 'CREDENTIAL_NOT_ACTIVE']],
      ['a credential is suspended', (w) => void w.chain.act(w.chain.admin(0), 'POST', `/v1/credentials/${w.fay.credentialId}/suspend`, { reason: 'x' }), ['QUORUM_NOT_MET', 'CREDENTIAL_NOT_ACTIVE']],
      ['he is not in the group any more', (w) => void w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/roster/fw', { members: [w.eve.actor, w.gil.actor] }, w.chain.admins.slice(1, 3)), ['QUORUM_NOT_MET', 'NOT_ELIGIBLE']],
      [
        'he is suspended',
        (w) => {
          w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/people/fay', { accounts: [w.fay.actor] }, w.chain.admins.slice(1, 3));
          w.chain.act(w.chain.admin(0), 'PUT', '/v1/people/fay', { status: 'suspended' });
        },
        ['QUORUM_NOT_MET', 'NOT_ELIGIBLE'],
      ],
      ['they turn out to be one human', (w) => void w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/people/both', { accounts: [w.fay.actor, w.eve.actor] }, w.chain.admins.slice(1, 3)), ['QUORUM_NOT_MET']],
      ['he is in groups that exclude each other', (w) => {
        w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/roster/auditors', { members: [w.fay.actor] }, w.chain.admins.slice(1, 3));
        w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/separation', { exclusive: [['fw', 'auditors']], mutualWithinDays: 0 }, w.chain.admins.slice(1, 3));
      }, ['QUORUM_NOT_MET', 'NOT_ELIGIBLE']],
      ['the key is disabled', (w) => void w.chain.act(w.chain.admin(0), 'POST', '/v1/keys/k/disable', { reason: 'x' }), ['KEY_DISABLED']],
      ['three are asked for', (w) => void w.chain.byOperation(w.chain.admin(0), 'POST', '/v1/policies', { name: 'pinned', policy: { tree: { type: 'approvers', count: 3, group: 'fw' }, requiredProof: 'signature' } }, w.chain.admins.slice(1, 3)), ['QUORUM_NOT_MET']],
      ['a passkey is asked for', (w) => void w.chain.byOperation(w.chain.admin(0), 'PUT', '/v1/keys/k/approval-policy', { tree: { type: 'approvers', count: 2, group: 'fw' }, requiredProof: 'webauthn' }, w.chain.admins.slice(1, 3)), ['QUORUM_NOT_MET']],
    ])('rule 24: two orders of one operation, and between them %s', async (_what, act, blockers) => {
      begin();
      await world.begin();
      const request = world.request();
      expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
      // Beyond what clocks may differ by: an operation is under what was in force about its request.
      world.saga.clock.advance(120_000);
      world.chain.now = world.saga.trusted.now().closing;
      act(world);
      await world.writePlane();
      const again = world.order(request);
      const blocked = await world.blocked(request.operationId, [again]);
      expect(blocked.slice(0, blockers.length)).toEqual(blockers);
      expect(world.hsm.signed).toHaveLength(1);
    });

    it.each([[true, 'QUORUM_NOT_MET'], [false, 'signing.completed.v1']])('rule 22: an act of a session counts when a signer saw it before the end of the session: %s', async (inTime, outcome) => {
      begin();
      await world.begin();
      const request = world.stated({ ...world.request(), expiresAt: '2026-11-21T12:00:00.000Z' });
      world.chain.now = world.saga.trusted.now().closing;
      const session = world.chain.session(world.chain.admin(0), 'POST /v1/policies', world.chain.admins.slice(1, 3));
      await world.writePlane();
      world.chain.act(world.chain.admin(0), 'POST', '/v1/policies', { name: 'pinned', policy: { tree: { type: 'approvers', count: 3, group: 'fw' }, requiredProof: 'signature' } }, session);
      const seen = async (): Promise<void> => {
        const last = world.planeEvents.at(-1) as Stored;
        await eventually(() => world.saga.ledger.note('act', `${world.planeEvents.length - 1} ${chainDigest(last)}`), (told) => told !== undefined);
      };
      world.saga.clock.advance(inTime ? 1_800_000 : 3_700_000);
      await world.writePlane();
      await seen();
      world.saga.clock.advance(3_700_000);
      const approvals = [world.approval(world.eve, request), world.approval(world.fay, request)];
      expect((await world.blocked(request.operationId, world.stored(request, approvals)))[0]).toBe(outcome);
    });

    it('rule 22: a key that the control plane does not permit signs nothing', async () => {
      begin({ genesis: { keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }] } });
      await world.begin();
      const asked = world.request();
      const none = world.stated({ ...asked, keyUsages: asked.keyUsages.map((one) => ({ ...one, policy: { type: 'none' } })) });
      expect(await world.blocked(none.operationId, world.stored(none, []))).toEqual(['CONTROL_PLANE_BROKEN']);
    });

    it('rule 22: weaker proofs than the genesis names count nowhere', async () => {
      begin({ policy: { type: 'approvers', count: 2, group: 'fw' } });
      await world.begin();
      const request = world.request();
      const unsigned = [world.eve, world.fay].map((p) => {
        const { proof: _, ...data } = world.approval(p, request).data;
        return { type: 'operations.approval-given.v1', data };
      });
      expect(await world.blocked(request.operationId, world.stored(request, unsigned))).toEqual(['QUORUM_NOT_MET', 'PROOF_INVALID', 'PROOF_INVALID']);
      const signed = world.request();
      expect((await world.signs(signed.operationId, good(world, signed))).type).toBe('signing.completed.v1');
    });
  });

  describe('beside the store', () => {
    const rejection = (w: GateWorld, r: Request): Stored => ({ type: 'operations.rejection-given.v1', data: { ...w.approval(w.gil, r).data, proof: undefined } });
    it.each<[string, (w: GateWorld, r: Request) => readonly Stored[]]>([
      ['a revocation', (w) => [{ type: 'operations.revoked.v1', data: { by: w.oli.actor, personal: { name: null, reason: 'x' } } }]],
      ['a rejection', (w, r) => [rejection(w, r)]],
      ['its being rejected', (w, r) => [rejection(w, r), { type: 'operations.rejected.v1', data: {} }]],
      ['its being rejected, as nobody', () => [{ type: 'operations.rejected.v1', data: {} }]],
      ['its expiry', () => [{ type: 'operations.expired.v1', data: {} }]],
    ])('rule 21: %s that a signer saw halts for ever, whoever takes it out of the store', async (_what, ending) => {
      begin();
      await world.begin();
      const request = world.request();
      const events = good(world, request);
      const stream = operationStream(request.operationId);
      const ends = ending(world, request);
      await world.write(stream, [...events.slice(0, -1), ...ends]);
      await eventually(() => world.saga.ledger.note('taken-back', request.operationId), (told) => told !== undefined);
      world.handle?.kill();
      const without = await copyOf(world.saga.store, (e) => !ends.some(({ type }) => type === e.type));
      world.saga.restartLedger();
      const order = world.order(request);
      await without.append(stream, events.length - 2, [{ id: randomUUID(), ...order, metadata: { commandId: randomUUID(), actor: world.oli.actor, at: request.requestedAt } }]);
      await world.saga.signer('signer-1', { store: without, hsm: world.hsm });
      const [end] = await eventually(() => without.readStream(`signOrder-${order.data.signOrderId}`, { limit: 2 }), (e) => e.length > 0);
      expect(end).toMatchObject({ type: 'signing.halted.v1', data: { code: 'OPERATION_REVOKED' } });
      expect(world.hsm.signed).toEqual([]);
    });

    it('rule 21: a signer goes no further than a revocation that it could not note, and reads it again', async () => {
      begin();
      await world.writePlane();
      await world.saga.registerKey();
      await world.bindPair();
      let failing = 2;
      const { ledger } = world.saga;
      const faulty = Object.assign(Object.create(ledger) as typeof ledger, {
        noteOnce: (topic: string, key: string, value: string) => (topic === 'taken-back' && (failing -= 1) >= 0 ? Promise.reject(new LedgerUnavailableError('TIMEOUT', 'no answer')) : ledger.noteOnce(topic, key, value)),
      });
      await world.saga.signer('signer-1', { hsm: world.hsm, ledger: faulty });
      const request = world.request();
      await world.write(operationStream(request.operationId), [...good(world, request).slice(0, -1), { type: 'operations.revoked.v1', data: { by: world.oli.actor, personal: { name: null, reason: 'x' } } }]);
      await eventually(() => ledger.note('taken-back', request.operationId), (told) => told !== undefined);
      expect(failing).toBeLessThan(0);
    });

    it('rule 25: an approval whose withdrawal a signer saw does not come back when the withdrawal is taken out of the store', async () => {
      begin();
      await world.begin();
      const request = world.request();
      const [byEve, byFay] = [world.approval(world.eve, request), world.approval(world.fay, request)];
      const stream = operationStream(request.operationId);
      await world.write(stream, [{ type: 'operations.requested.v1', data: request }, byEve, byFay, { type: 'operations.approved.v1', data: {} }, { type: 'operations.approval-withdrawn.v1', data: { by: world.fay.actor } }]);
      await eventually(() => Promise.resolve([...world.saga.memory.notes.keys()]), (notes) => notes.some((place) => place.startsWith('["taken-back"')));
      world.handle?.kill();
      const without = await copyOf(world.saga.store, (e) => e.type !== 'operations.approval-withdrawn.v1');
      world.saga.restartLedger();
      const order = world.order(request);
      await without.append(stream, 3, [{ id: randomUUID(), ...order, metadata: { commandId: randomUUID(), actor: world.oli.actor, at: request.requestedAt } }]);
      await world.saga.signer('signer-1', { store: without, hsm: world.hsm });
      const [end] = await eventually(() => without.readStream(`signOrder-${order.data.signOrderId}`, { limit: 2 }), (e) => e.length > 0);
      expect(end).toMatchObject({ type: 'signing.halted.v1', data: { code: 'QUORUM_NOT_MET', blockers: [{}, { code: 'PROOF_INVALID', detail: expect.stringContaining('withdrawn') as string }] } });
    });

    it('rule 22: a pair that the ledger knows to be another key’s is not used', async () => {
      begin();
      await world.writePlane();
      await world.saga.registerKey();
      await world.saga.ledger.noteOnce('key', 'k', 'ab'.repeat(32));
      await world.start();
      const request = world.request();
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['BINDING_MISMATCH']);
    });

    it('rule 22: a pair that no signer found on its token is not used, whatever the control plane says', async () => {
      begin();
      await world.writePlane();
      await world.saga.registerKey();
      await world.start();
      const request = world.request();
      world.saga.clock.advance(10_000);
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['BINDING_MISMATCH']);
      expect(await world.saga.ledger.note('key', 'k')).toBeUndefined();
    });

    it('rule 22: an order of a key that is not bound yet waits for it, and is signed', async () => {
      begin();
      await world.writePlane();
      await world.saga.registerKey();
      await world.start();
      const request = world.request();
      const events = good(world, request);
      await world.write(operationStream(request.operationId), events);
      await new Promise((resolve) => setTimeout(resolve, 350));
      const { signOrderId } = events.at(-1)?.data as { signOrderId: string };
      expect(await world.saga.events(signOrderId)).toEqual([]);
      await world.bindPair();
      expect((await world.ended(signOrderId)).type).toBe('signing.completed.v1');
    });

    it('rule 22: a key that asks nobody signs with no other pair than its own, whatever its stream says', async () => {
      begin({ policy: { type: 'none' }, genesis: { minimumProof: 'token' } });
      await world.begin();
      const request = world.request();
      const publicKey = Buffer.from('the SPKI of another key');
      const publicKeySha256 = createHash('sha256').update(publicKey).digest('hex');
      await world.write(keyStream('k'), [{ type: 'keys.registered.v1', data: { keyId: 'k', publicKey: publicKey.toString('base64'), publicKeySha256, ckaIdHex: 'bb', tokenSerial: 'serial-1', signer: 'signer-1' } }]);
      const other = world.stated({ ...request, keyUsages: request.keyUsages.map((one) => ({ ...one, publicKeySha256 })) });
      expect(await world.blocked(other.operationId, world.stored(other, [], world.order(other, { publicKeySha256 })))).toEqual(['BINDING_MISMATCH']);
      expect(world.hsm.signed).toEqual([]);
    });

    it('rule 22: a pair that nobody bound is not used', async () => {
      begin();
      await world.begin(world.planeEvents.filter((e) => e.type !== 'administration.key-bound.v1'));
      const request = world.request();
      world.saga.clock.advance(10_000);
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['BINDING_MISMATCH']);
    });

    it('rule 22: another key pair is not used under the digest of the right one', async () => {
      begin();
      await world.begin();
      const request = world.request();
      const publicKeySha256 = request.keyUsages[0]?.publicKeySha256 ?? '';
      await world.write(keyStream('k'), [{ type: 'keys.registered.v1', data: { keyId: 'k', publicKey: Buffer.from('the SPKI of a root').toString('base64'), publicKeySha256, ckaIdHex: 'bb', tokenSerial: 'serial-1', signer: 'signer-1' } }]);
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['BINDING_MISMATCH']);
      expect(world.hsm.signed).toEqual([]);
    });

    it('rule 22: the key’s own stream says nothing about its policy', async () => {
      begin();
      await world.begin();
      await world.write(keyStream('k'), [{ type: 'keys.policy-changed.v1', data: { keyId: 'k', approvalPolicy: { type: 'none' }, by: world.oli.actor } }]);
      const request = world.request();
      const none = world.stated({ ...request, operationId: randomUUID(), keyUsages: request.keyUsages.map((one) => ({ ...one, policy: { type: 'none' } })) });
      expect(await world.blocked(none.operationId, world.stored(none, []))).toEqual(['POLICY_TAMPERED']);
    });
  });
});
