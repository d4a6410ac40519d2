import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { ExchangeableStore } from '#eventing/testing/exchangeable-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { ChainWorld } from '#administration/application/testing/chain-world.js';
import type { SigningPerson } from '#administration/application/testing/signing-person.js';
import { directoryOf, NOTHING_SEEN } from '#administration/contract.js';
import { kidOf, NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory, Principal } from '#identity/contract.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { ledgerStream } from '#signing/streams.js';
import { decideAcceptance } from '#signing/domain/ledger-acceptance/decide.js';
import { initialAcceptance } from '#signing/domain/ledger-acceptance/state.js';
import { AcceptStoreCommand } from '#signing/application/accept-store/accept-store.command.js';
import { AcceptStoreHandler } from '#signing/application/accept-store/accept-store.handler.js';
import { acceptanceStatement } from '#signing/application/accept-store/acceptance-statement.js';
import { LEDGER_HEAD_PATTERN, ledgerHeadText, ledgerIdOf } from '#signing/application/accept-store/ledger-head.js';

const LEDGER = '3d1b7c3e-6c1c-4f0e-9c67-9f4f2c6b8a10';
const HEAD = ledgerHeadText(LEDGER, '42-9f86d081884c7d65');
const TESTDATA = new URL('../../libs/signing/src/domain/ledger-acceptance/testdata/', import.meta.url);

describe('accepting an older store', () => {
  let store: MemoryEventStore;
  let handler: AcceptStoreHandler;
  const world = new ChainWorld();
  const over = (on: EventStore, directory: Directory = NOBODY_KNOWN): AcceptStoreHandler =>
    new AcceptStoreHandler(on, new TrustedClock({ wall: () => Date.now(), monotonic: () => performance.now() }), { fresh: () => Promise.resolve({ directory, resolve: () => [], mutualWithinDays: 0, sessionNames: () => false }) }, world.verifier);
  beforeEach(() => {
    store = new MemoryEventStore();
    handler = over(store);
  });
  const caller = (subject: string): Principal => ({ issuer: 'https://idp.test', subject, name: null, roles: ['administrator'], groups: [], claims: {} });
  const accept = (subject: string, more: Partial<CommandMeta> = {}) =>
    handler.execute(new AcceptStoreCommand({ commandId: randomUUID(), keyed: false, actor: caller(subject), bodyDigest: null, requestId: null, ...more }, caller(subject), HEAD, 'after the fire'));

  it('rule 17: is accepted with the second administrator, in the stream of the ledger that the head names', async () => {
    const storeId = await store.storeId();
    expect(await accept('admin-1')).toEqual({ head: HEAD, storeId, accepted: false, by: [{ issuer: 'https://idp.test', subject: 'admin-1' }] });
    expect(await accept('admin-1')).toMatchObject({ accepted: false });
    expect(await accept('admin-2')).toMatchObject({ accepted: true, by: [{ subject: 'admin-1' }, { subject: 'admin-2' }] });
    const written = await store.readStream(ledgerStream(LEDGER), { limit: 10 });
    expect(written.map(({ data }) => (data as { accepted: boolean }).accepted)).toEqual([false, true]);
  });

  it('rule 17: a word that was lost with a store that was set back again is not counted', async () => {
    const exchanged = new ExchangeableStore(store);
    handler = over(exchanged);
    await accept('admin-1');
    const older = new MemoryEventStore();
    exchanged.exchange(older);
    await accept('admin-3');
    expect(await accept('admin-2')).toMatchObject({ accepted: true, by: [{ subject: 'admin-3' }, { subject: 'admin-2' }] });
    const written = await older.readStream(ledgerStream(LEDGER), { limit: 10 });
    expect(written.map(({ data }) => (data as { accepted: boolean }).accepted)).toEqual([false, true]);
  });

  it('rule 3: the same command again writes nothing and answers as before', async () => {
    const meta = { commandId: randomUUID(), keyed: true, bodyDigest: 'b' };
    await accept('admin-1', meta);
    await accept('admin-2');
    expect(await accept('admin-1', meta)).toMatchObject({ accepted: false });
    await expect(accept('admin-1', { ...meta, bodyDigest: 'another' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await store.readStream(ledgerStream(LEDGER), { limit: 10 })).toHaveLength(2);
  });

  describe('under a genesis', () => {
    beforeEach(() => {
      handler = over(store, directoryOf(world.chain.plane, NOTHING_SEEN));
    });
    const signed = (by: SigningPerson, proof: string | undefined, as: Pick<Principal, 'issuer' | 'subject'> = by.actor) => {
      const who = { ...caller(as.subject), ...as };
      return handler.execute(new AcceptStoreCommand({ commandId: randomUUID(), keyed: false, actor: who, bodyDigest: null, requestId: null }, who, HEAD, 'after the fire', proof));
    };
    const [ada, ben] = [world.admin(0), world.admin(1)];
    const ZOE = { issuer: ada.actor.issuer, subject: 'zoe' };

    it('rule 22: an administrator signs which head he means, and what he signed is kept', async () => {
      expect(await signed(ada, ada.jws(acceptanceStatement(HEAD)))).toMatchObject({ accepted: false });
      expect(await signed(ben, ben.jws(acceptanceStatement(HEAD)))).toMatchObject({ accepted: true, by: [ada.actor, ben.actor] });
      expect((await store.readStream(ledgerStream(LEDGER), { limit: 10 })).map(({ data }) => kidOf((data as { proof: string }).proof))).toEqual([ada.credentialId, ben.credentialId]);
    });

    it.each<[string, () => Promise<unknown>, string]>([
      ['nothing', () => signed(ada, undefined), 'PROOF_REQUIRED'],
      ['another head', () => signed(ada, ada.jws(acceptanceStatement(ledgerHeadText(LEDGER, '43-9f86d081884c7d65')))), 'PROOF_INVALID'],
      ['what another administrator signed', () => signed(ada, ben.jws(acceptanceStatement(HEAD))), 'PROOF_INVALID'],
      ['something else', () => signed(ada, 'accepted, please'), 'PROOF_INVALID'],
      ['it by nobody whom the roster names', () => signed(ada, ada.jws(acceptanceStatement(HEAD)), ZOE), 'ROLE_REQUIRED'],
    ])('rule 22: who signs %s is refused, and nothing is written', async (_what, ask, code) => {
      await expect(ask()).rejects.toMatchObject({ code });
      expect(await store.readStream(ledgerStream(LEDGER), { limit: 10 })).toEqual([]);
    });
  });

  it('reads which ledger a head belongs to', () => {
    expect([LEDGER_HEAD_PATTERN.test(HEAD), ledgerIdOf(HEAD)]).toEqual([true, LEDGER]);
    expect(LEDGER_HEAD_PATTERN.test('../key-fw:1')).toBe(false);
  });

  it('is written as it ever was', () => {
    const golden: unknown = JSON.parse(readFileSync(new URL('signing.older-store-accepted.v1.json', TESTDATA), 'utf8'));
    const command = { ledgerId: LEDGER, head: HEAD, storeId: 'b3c1a6c2-8c3f-4c52-9a52-0f7f3d0d3f11', by: { issuer: 'https://idp.example', subject: 'admin1' }, name: 'Zoë Müller', comment: 'restored from the backup of 12:00 after the fire' };
    expect(decideAcceptance(command, initialAcceptance)).toEqual([golden]);
    expect(readdirSync(TESTDATA)).toEqual(['signing.older-store-accepted.v1.json']);
  });
});
