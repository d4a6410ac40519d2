import type { EventStore } from '#eventing/event-store.port.js';
import { copyOf } from '#eventing/testing/exchangeable-store.js';
import { randomUUID } from 'node:crypto';
import type { Actor } from '#kernel/actor.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import { initialControlPlane } from '#administration/contract.js';
import { hearingOf } from '#signing/application/gate/hearing.js';
import { acceptanceStatement } from '#signing/application/accept-store/acceptance-statement.js';
import { ledgerHeadText } from '#signing/application/accept-store/ledger-head.js';
import type { SignerHandle } from '#signing/application/sign/testing/saga-world.js';
import { ledgerStream } from '#signing/streams.js';
import { GateWorld, SigningPerson, account } from './gate-world.js';

interface Word {
  readonly by: Actor;
  readonly proof?: string;
}

describe('an older store under a genesis', () => {
  let world: GateWorld;
  let older: EventStore;
  let head: string;
  let signer: SignerHandle;

  beforeEach(async () => {
    world = new GateWorld();
    await world.begin();
    const before = (await world.saga.store.readAll({ limit: 1, direction: 'backward' }))[0]?.position ?? 0n;
    const request = world.request();
    expect((await world.signs(request.operationId, world.stored(request, [world.approval(world.eve, request), world.approval(world.fay, request)]))).type).toBe('signing.completed.v1');
    await world.handle?.signer.stop();
    world.saga.restartLedger();
    older = await copyOf(world.saga.store, ({ position }) => position <= before);
    signer = await world.saga.signer('signer-1', { hsm: world.hsm, store: older });
    expect(signer.signer.down()).toMatch(/^STORE_BEHIND/);
    head = ledgerHeadText(world.saga.ledger.ledgerId, (await world.saga.ledger.head()).head);
  });
  afterEach(() => world.stop());

  /** Whether the signer goes on, when whoever writes the store has written this. */
  const goesOn = async (words: readonly Word[]): Promise<boolean> => {
    const { ledgerId } = world.saga.ledger;
    const storeId = await older.storeId();
    const events = words.map((word) => ({ id: randomUUID(), type: 'signing.older-store-accepted.v1', data: { ledgerId, head, storeId, ...word, accepted: true, personal: { name: null, comment: 'c' } }, metadata: { commandId: randomUUID(), actor: word.by, at: world.saga.trusted.now().closing } }));
    await older.append(ledgerStream(ledgerId), 'no-stream', events);
    await signer.signer['lookAgain']();
    expect((await world.saga.ledger.acceptance()) !== undefined).toBe(signer.resumed() === 1);
    return signer.resumed() === 1;
  };
  const by = (person: SigningPerson, statement = acceptanceStatement(head)): Word => ({ by: person.actor, proof: person.jws(statement) });

  it('rule 17: is signed upon when two administrators have signed the ledger’s head', async () => {
    expect(await goesOn([by(world.chain.admin(0)), by(world.chain.admin(1))])).toBe(true);
    expect((await world.saga.ledger.acceptance())?.by).toEqual([world.chain.admin(0).actor, world.chain.admin(1).actor]);
  });

  it.each<[string, (w: GateWorld) => readonly Word[]]>([
    ['nobody signed', (w) => [{ by: w.chain.admin(0).actor }, { by: w.chain.admin(1).actor }]],
    ['one signed', (w) => [by(w.chain.admin(0)), { by: w.chain.admin(1).actor }]],
    ['one signed, twice', (w) => [by(w.chain.admin(0)), { ...by(w.chain.admin(0)), by: w.chain.admin(1).actor }]],
    ['another head was signed', (w) => [by(w.chain.admin(0)), by(w.chain.admin(1), acceptanceStatement(head.replace(/.$/, (c) => (c === '0' ? '1' : '0'))))]],
    ['one who signed is no administrator', (w) => [by(w.chain.admin(0)), by(w.eve)]],
    ['one who signed only says whose key it is', (w) => [by(w.chain.admin(0)), by(new SigningPerson(account('ben')))]],
    ['what was signed is no text', (w) => [by(w.chain.admin(0)), { by: w.chain.admin(1).actor, proof: { jws: 'x' } as never }]],
  ])('rule 22: is not signed upon where %s', async (_what, words) => {
    expect(await goesOn(words(world))).toBe(false);
    expect(signer.signer.down()).toMatch(/^STORE_BEHIND/);
  });

  it('rule 22: an administrator and the machine that he owns are one', () => {
    const [ada, ben, bot] = [account('ada'), account('ben'), account('bot')];
    const directory = { ...NOBODY_KNOWN, ownersOf: (one: Actor) => (one.subject === 'bot' ? [ada] : []) };
    const hearing = hearingOf({ directory, state: initialControlPlane, fault: undefined }, world.chain.verifier);
    expect([hearing.isSame(ada, bot), hearing.isSame(bot, ada), hearing.isSame(ben, bot)]).toEqual([true, true, false]);
  });
});
