import { randomUUID } from 'node:crypto';
import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { controlPlaneStream } from '#administration/contract.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { copyOf } from '#eventing/testing/exchangeable-store.js';
import { acceptanceStatement } from '#signing/application/accept-store/acceptance-statement.js';
import { ledgerHeadText } from '#signing/application/accept-store/ledger-head.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import type { SignerHandle } from '#signing/application/sign/testing/saga-world.js';
import { ledgerStream } from '#signing/streams.js';
import { GateWorld } from './gate-world.js';

const STREAM = controlPlaneStream(DEPLOYMENT);

describe('the control plane as signers have seen it', () => {
  let world: GateWorld;
  beforeEach(async () => {
    world = new GateWorld();
    await world.begin();
  });
  afterEach(() => world.stop());

  /** Seen by the signer, and signed upon by nobody. */
  const revoked = async (): Promise<number> => {
    world.chain.act(world.chain.admin(0), 'POST', `/v1/credentials/${world.fay.credentialId}/revoke`, { reason: 'lost' });
    await world.writePlane();
    const revision = world.planeEvents.length - 1;
    await eventually(() => world.saga.ledger.note('chain-head', `first ${revision}`), (told) => told !== undefined);
    return revision;
  };
  const begunWith = async (store: EventStore): Promise<SignerHandle> => {
    world.handle?.kill();
    world.saga.restartLedger();
    return world.saga.signer('signer-1', { hsm: world.hsm, store });
  };
  const metadata = () => ({ commandId: randomUUID(), actor: world.oli.actor, at: world.saga.trusted.now().closing });

  it('rules 21 and 22: an act that a signer saw is not cut off the end of it', async () => {
    const revision = await revoked();
    const shorter = await copyOf(world.saga.store, (e) => !(e.stream === STREAM && e.revision === revision));
    const { signer } = await begunWith(shorter);
    expect(signer.down()).toMatch(/^STORE_BEHIND.*the control plane ends at revision/);
  });

  it('rules 21 and 22: no other act stands in its place, whoever signed it', async () => {
    const before = world.chain.chain;
    const revision = await revoked();
    const forked = await copyOf(world.saga.store, (e) => !(e.stream === STREAM && e.revision === revision));
    // Of an administrator who lost the race for this revision, by his own signature.
    world.chain.chain = before;
    world.chain.act(world.chain.admin(1), 'POST', '/v1/keys/k/disable', { reason: 'x' });
    const act = world.planeEvents.at(-1);
    await forked.append(STREAM, revision - 1, [{ id: randomUUID(), type: act?.type ?? '', data: act?.data, metadata: metadata() }]);
    const { signer } = await begunWith(forked);
    expect(signer.down()).toMatch(/^STORE_BEHIND.*another event at revision/);
  });

  it('rule 17: two administrators accept what is left of it, and from then on signers know that', async () => {
    const revision = await revoked();
    const shorter = await copyOf(world.saga.store, (e) => !(e.stream === STREAM && e.revision === revision));
    const { signer, resumed } = await begunWith(shorter);
    const { ledger } = world.saga;
    const head = ledgerHeadText(ledger.ledgerId, (await ledger.head()).head);
    const storeId = await shorter.storeId();
    const words = [world.chain.admin(0), world.chain.admin(1)].map((one) => ({ ledgerId: ledger.ledgerId, head, storeId, by: one.actor, proof: one.jws(acceptanceStatement(head)), accepted: true, personal: { name: null, comment: 'c' } }));
    await shorter.append(ledgerStream(ledger.ledgerId), 'no-stream', words.map((data) => ({ id: randomUUID(), type: 'signing.older-store-accepted.v1', data, metadata: metadata() })));
    await signer['lookAgain']();
    expect(resumed()).toBe(1);
    const next = await begunWith(shorter);
    expect(next.signer.down()).toBeUndefined();
    expect(await ledger.note('chain-head', `first ${revision}`)).toBeDefined();
  });

  it('a signer that begins while another sees more of it reads that too', async () => {
    const revision = await revoked();
    // Its first look ends before the act; by the second it is there.
    let looks = 0;
    const late: EventStore = Object.assign(Object.create(world.saga.store) as EventStore, {
      readStream: async (...[stream, options]: Parameters<EventStore['readStream']>) => {
        const events = await world.saga.store.readStream(stream, options);
        return stream === STREAM && options.direction !== 'backward' && (looks += 1) === 1 ? events.filter((e) => e.revision < revision) : events;
      },
    });
    const { signer } = await begunWith(late);
    expect([signer.down(), looks > 1]).toEqual([undefined, true]);
  });
});
