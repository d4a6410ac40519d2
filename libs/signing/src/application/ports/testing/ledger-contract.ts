import { randomUUID } from 'node:crypto';
import type { Actor } from '#kernel/actor.js';
import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, type Ledger, type LedgerIntent, type LedgerSigner, type StoreAcceptance } from '../ledger.port.js';
import { notesContract } from './notes-contract.js';

/** A new, empty ledger and the means to treat it as time and other processes would. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Ends what is open and opens the same ledger again, as the next process does. */
  reopen(): Promise<Ledger>;
  /** Moves the ledger's own clock. */
  advance(ms: number): Promise<void>;
  end(): Promise<void>;
}

/** After so long without a heartbeat a signer is dead to everybody (rule 9). */
const SILENCE_MS = 30_000;
/** What is approved, where a test is not about it. */
const GRANT = { atMost: 1_000 };

const signerOf = (name: string): LedgerSigner => ({ name, incarnation: randomUUID() });
const intentOf = (more: Partial<LedgerIntent> = {}): LedgerIntent => ({
  signOrderId: randomUUID(), operationId: 'op-1', keyId: 'fw-prod', count: 3, relied: [{ stream: 'operation-1', revision: 4, hash: 'ab'.repeat(32) }, { stream: 'key-1', revision: 0, hash: 'cd'.repeat(32) }], ...more,
});
const refused = (reason: string): unknown => expect.objectContaining({ name: LedgerRefusedError.name, reason });

/** What every ledger does, whatever it is made of. Call it inside a spec file. */
export function ledgerContract(name: string, begin: () => Promise<LedgerUnderTest>): void {
  describe(`ledger contract: ${name}`, () => {
    let under: LedgerUnderTest;
    let ledger: Ledger;
    const signer = signerOf('signer-1');
    beforeEach(async () => {
      under = await begin();
      ledger = under.ledger;
      await ledger.claimName(signer);
    });
    afterEach(() => under.end());

    describe('names', () => {
      it('rule 9: has a name claimed by one incarnation at a time', async () => {
        await ledger.claimName(signer);
        await expect(ledger.claimName(signerOf('signer-1'))).rejects.toBeInstanceOf(LedgerNameTakenError);
        await ledger.claimName(signerOf('signer-2'));
      });

      it('gives a released name to the next incarnation, and only its holder can release it', async () => {
        const next = signerOf('signer-1');
        await ledger.releaseName(next);
        await expect(ledger.claimName(next)).rejects.toBeInstanceOf(LedgerNameTakenError);
        await ledger.releaseName(signer);
        await ledger.claimName(next);
        await expect(ledger.heartbeat(signer)).rejects.toBeInstanceOf(LedgerNameTakenError);
      });

      it('rule 9: takes nothing from a signer without its name', async () => {
        const stranger = signerOf('signer-2');
        await expect(ledger.intend(stranger, intentOf(), GRANT)).rejects.toEqual(refused('NAME_NOT_HELD'));
        await expect(ledger.heartbeat(stranger)).rejects.toEqual(refused('NAME_NOT_HELD'));
        await expect(ledger.intend(signerOf('signer-1'), intentOf(), GRANT)).rejects.toBeInstanceOf(LedgerNameTakenError);
        await ledger.releaseName(signer);
        await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toEqual(refused('NAME_NOT_HELD'));
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(0);
      });

      it('lets the next process claim a name that nobody keeps alive', async () => {
        const next = signerOf('signer-1');
        ledger = await under.reopen();
        await under.advance(SILENCE_MS + 1);
        await ledger.claimName(next);
        expect(await ledger.heartbeats()).toEqual([expect.objectContaining(next)]);
      });
    });

    describe('heartbeats', () => {
      it('tells for how long each signer has been silent', async () => {
        const second = signerOf('signer-2');
        await ledger.claimName(second);
        await under.advance(20_000);
        await ledger.heartbeat(second);
        await under.advance(5_000);
        const silent = new Map((await ledger.heartbeats()).map((h) => [h.name, h]));
        expect(silent.get('signer-1')).toMatchObject(signer);
        expect(silent.get('signer-1')?.silentMs).toBeGreaterThanOrEqual(25_000);
        expect(silent.get('signer-2')?.silentMs).toBeGreaterThanOrEqual(5_000);
        expect(silent.get('signer-2')?.silentMs).toBeLessThan(20_000);
      });

      it('knows the signers of earlier processes', async () => {
        ledger = await under.reopen();
        await under.advance(7_000);
        const [heard, ...others] = await ledger.heartbeats();
        expect(heard).toMatchObject(signer);
        expect(heard?.silentMs).toBeGreaterThanOrEqual(7_000);
        expect(others).toEqual([]);
      });
    });

    describe('intents', () => {
      it('rule 16: keeps an intent and counts its uses by operation and key', async () => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await ledger.intend(signer, intentOf({ count: 4 }), GRANT);
        await ledger.intend(signer, intentOf({ keyId: 'fw-dev', count: 10 }), GRANT);
        await ledger.intend(signer, intentOf({ operationId: 'op-2', count: 20 }), GRANT);
        const whole = { ...intent, signer: signer.name, incarnation: signer.incarnation, released: 0, signatures: null };
        expect(await ledger.entry(intent.signOrderId)).toEqual(whole);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(7);
        ledger = await under.reopen();
        expect(await ledger.entry(intent.signOrderId)).toEqual(whole);
        expect([await ledger.spent('op-1', 'fw-prod'), await ledger.spent('op-1', 'fw-dev'), await ledger.spent('op-2', 'fw-prod'), await ledger.spent('op-2', 'fw-dev')]).toEqual([7, 10, 20, 0]);
      });

      it('knows nothing of orders that were never intended', async () => {
        expect(await ledger.entry(randomUUID())).toBeUndefined();
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(0);
      });

      it('rule 1: of two attempts of one process at one order, which intend the same, one goes on', async () => {
        const intent = intentOf();
        const outcomes = await Promise.allSettled([ledger.intend(signer, intent, GRANT), ledger.intend(signer, intent, GRANT)]);
        expect(outcomes).toEqual([{ status: 'fulfilled', value: undefined }, { status: 'rejected', reason: expect.any(LedgerIntentExistsError) as Error }]);
        await expect(ledger.intend(signer, intent, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(3);
      });

      it.each<[string, Partial<LedgerIntent>]>([
        ['count', { count: 4 }],
        ['key', { keyId: 'fw-dev' }],
        ['operation', { operationId: 'op-2' }],
        ['relied', { relied: [] }],
      ])('refuses another intent for the same order: %s', async (_what, more) => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await expect(ledger.intend(signer, { ...intent, ...more }, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(3);
      });

      it('rule 1: refuses the intent of another attempt for the same order', async () => {
        const intent = intentOf();
        const next = signerOf('signer-1');
        await ledger.intend(signer, intent, GRANT);
        await ledger.releaseName(signer);
        await ledger.claimName(next);
        await expect(ledger.intend(next, intent, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
      });

      it('rule 16: refuses an intent whose uses were given back, or that was signed', async () => {
        const [released, signed] = [intentOf(), intentOf()];
        await ledger.intend(signer, released, GRANT);
        await ledger.release(released.signOrderId, 3);
        await expect(ledger.intend(signer, released, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
        await ledger.intend(signer, signed, GRANT);
        await ledger.signatures(signed.signOrderId, ['a', 'b', 'c'], { flush: true });
        await expect(ledger.intend(signer, signed, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(3);
      });

      it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses a count of %s', async (count) => {
        await expect(ledger.intend(signer, intentOf({ count }), GRANT)).rejects.toEqual(refused('INVALID'));
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(0);
      });

      it('keeps every one of many that are written at once, beside some that are refused', async () => {
        const intents = Array.from({ length: 200 }, () => intentOf({ count: 1 }));
        const [first] = intents;
        const outcomes = await Promise.allSettled([...intents.map((i) => ledger.intend(signer, i, GRANT)), ledger.intend(signer, { ...intentOf(), ...first, count: 2 }, GRANT), ledger.intend(signerOf('nobody'), intentOf(), GRANT)]);
        expect(outcomes.filter((o) => o.status === 'rejected')).toHaveLength(2);
        ledger = await under.reopen();
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(200);
      });
    });

    describe('grants', () => {
      it('rule 16: never counts more uses of a key of an operation than were approved', async () => {
        await ledger.intend(signer, intentOf({ count: 3 }), { atMost: 5 });
        await expect(ledger.intend(signer, intentOf({ count: 3 }), { atMost: 5 })).rejects.toEqual(refused('OVER_GRANT'));
        await ledger.intend(signer, intentOf({ count: 2 }), { atMost: 5 });
        await expect(ledger.intend(signer, intentOf({ count: 1 }), { atMost: 5 })).rejects.toEqual(refused('OVER_GRANT'));
        await ledger.intend(signer, intentOf({ count: 5, keyId: 'fw-dev' }), { atMost: 5 });
        await ledger.intend(signer, intentOf({ count: 5, operationId: 'op-2' }), { atMost: 5 });
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(5);
      });

      it('rule 16: uses that were given back can be spent again', async () => {
        const intent = intentOf({ count: 3 });
        await ledger.intend(signer, intent, { atMost: 3 });
        await ledger.release(intent.signOrderId, 2);
        await expect(ledger.intend(signer, intentOf({ count: 3 }), { atMost: 3 })).rejects.toEqual(refused('OVER_GRANT'));
        await ledger.intend(signer, intentOf({ count: 2 }), { atMost: 3 });
      });

      it('rule 16: of many at once takes as many as were approved', async () => {
        const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => ledger.intend(signer, intentOf({ count: 2 }), { atMost: 41 })));
        expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(20);
        for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toEqual(refused('OVER_GRANT'));
        ledger = await under.reopen();
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(40);
      });

      it.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses a grant of %s', async (atMost) => {
        await expect(ledger.intend(signer, intentOf(), { atMost })).rejects.toEqual(refused('INVALID'));
      });
    });

    describe('what is remembered of the store', () => {
      const relied = (stream: string, revision: number, of = 'aa'): LedgerIntent['relied'][number] => ({ stream, revision, hash: of.repeat(32) });
      const rely = (...events: LedgerIntent['relied'][number][]): Promise<void> => ledger.intend(signer, intentOf({ count: 1, relied: events }), GRANT);

      it('rule 16: remembers the newest event of every stream that was relied on', async () => {
        await rely(relied('operation-1', 4), relied('key-1', 2));
        await rely(relied('operation-1', 6, 'bb'), relied('key-2', 0));
        await rely(relied('operation-1', 5, 'cc'));
        ledger = await under.reopen();
        expect(await ledger.remembered('operation-1')).toEqual(relied('operation-1', 6, 'bb'));
        expect(await ledger.remembered('key-1')).toEqual(relied('key-1', 2));
        expect(await ledger.remembered('operation-2')).toBeUndefined();
      });

      it('gives what was relied on latest, newest first', async () => {
        await rely(relied('operation-1', 4));
        await rely(relied('operation-2', 4));
        await rely(relied('operation-3', 4));
        await rely(relied('operation-1', 5));
        expect((await ledger.newestRemembered(10)).map((r) => `${r.stream} ${r.revision}`)).toEqual(['operation-1 5', 'operation-3 4', 'operation-2 4']);
        expect(await ledger.newestRemembered(1)).toEqual([relied('operation-1', 5)]);
        await expect(ledger.newestRemembered(0)).rejects.toEqual(refused('INVALID'));
      });

      it('rule 16: keeps it after the uses were given back', async () => {
        const intent = intentOf({ relied: [relied('operation-9', 3)] });
        await ledger.intend(signer, intent, GRANT);
        await ledger.release(intent.signOrderId, 3);
        expect(await ledger.remembered('operation-9')).toEqual(relied('operation-9', 3));
      });

      it('rule 16: refuses an intent that saw another event at a revision that is remembered', async () => {
        await rely(relied('operation-1', 4));
        await expect(rely(relied('operation-1', 4, 'bb'))).rejects.toEqual(refused('CONTRADICTS'));
        await rely(relied('operation-1', 4));
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(2);
      });
    });

    describe('head', () => {
      it('rule 17: names every intent and release, and nothing else', async () => {
        const beginning = await ledger.head();
        expect(beginning).toEqual({ head: expect.stringMatching(/^0-[0-9a-f]{16}$/) as string, orders: 0, usesSpent: 0, keys: 0 });
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        const first = await ledger.head();
        expect(first).toEqual({ head: expect.stringMatching(/^1-[0-9a-f]{16}$/) as string, orders: 1, usesSpent: 3, keys: 1 });
        await expect(ledger.intend(signer, intent, GRANT)).rejects.toBeInstanceOf(LedgerIntentExistsError);
        await ledger.heartbeat(signer);
        await ledger.signatures(intent.signOrderId, ['a', null, null], { flush: true });
        await ledger.saveCheckpoint('orders', { storeId: 'store-1', position: '1', eventId: randomUUID() });
        expect(await ledger.head()).toEqual(first);
        await ledger.release(intent.signOrderId, 2);
        await ledger.release(intent.signOrderId, 2);
        await ledger.intend(signer, intentOf({ keyId: 'fw-dev', operationId: 'op-2' }), GRANT);
        const last = await ledger.head();
        expect(last).toEqual({ head: expect.stringMatching(/^3-[0-9a-f]{16}$/) as string, orders: 2, usesSpent: 4, keys: 2 });
        ledger = await under.reopen();
        expect(await ledger.head()).toEqual(last);
      });
    });

    describe('acceptance of an older store', () => {
      const anna: Actor = { issuer: 'https://idp.test', subject: 'anna' };
      const ben: Actor = { issuer: 'https://idp.test', subject: 'ben' };
      const intend = (more: Partial<LedgerIntent> = {}): Promise<void> => ledger.intend(signer, intentOf({ count: 1, ...more }), GRANT);
      const word = async (more: Partial<StoreAcceptance> = {}): Promise<StoreAcceptance> => ({ storeId: 'store-2', head: (await ledger.head()).head, by: [anna, ben], eventId: randomUUID(), ...more });

      it('rule 17: forgets nothing that was spent, and asks the store for nothing from before', async () => {
        await intend();
        const acceptance = await word();
        await ledger.acceptStore(acceptance);
        expect(await ledger.remembered('operation-1')).toBeUndefined();
        expect(await ledger.newestRemembered(10)).toEqual([]);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(1);
        await expect(ledger.intend(signer, intentOf({ count: 3 }), { atMost: 3 })).rejects.toEqual(refused('OVER_GRANT'));
        ledger = await under.reopen();
        expect(await ledger.acceptance()).toEqual(acceptance);
        expect(await ledger.remembered('operation-1')).toBeUndefined();
      });

      it('rule 17: remembers what is relied on from then on, older as it may be', async () => {
        await intend();
        await ledger.acceptStore(await word());
        await intend({ relied: [{ stream: 'operation-1', revision: 2, hash: 'ee'.repeat(32) }] });
        expect(await ledger.remembered('operation-1')).toEqual({ stream: 'operation-1', revision: 2, hash: 'ee'.repeat(32) });
        expect((await ledger.newestRemembered(10)).map((r) => r.stream)).toEqual(['operation-1']);
      });

      it('rule 17: holds for the head that was named, once', async () => {
        await intend();
        const early = await word();
        await intend();
        await expect(ledger.acceptStore(early)).rejects.toEqual(refused('HEAD_MOVED'));
        const acceptance = await word();
        await ledger.acceptStore(acceptance);
        await expect(ledger.acceptStore({ ...acceptance, eventId: randomUUID() })).rejects.toEqual(refused('HEAD_MOVED'));
        expect(await ledger.acceptance()).toEqual(acceptance);
      });

      it('rule 17: takes the same event again without forgetting anew', async () => {
        await intend();
        const acceptance = await word();
        await ledger.acceptStore(acceptance);
        await intend();
        await ledger.acceptStore(acceptance);
        expect(await ledger.remembered('operation-1')).toMatchObject({ revision: 4 });
        await expect(ledger.acceptStore({ ...acceptance, storeId: 'store-3' })).rejects.toEqual(refused('CONTRADICTS'));
      });

      it('rule 17: needs two administrators', async () => {
        expect(await ledger.acceptance()).toBeUndefined();
        await expect(ledger.acceptStore(await word({ by: [anna, { ...anna }] }))).rejects.toEqual(refused('INVALID'));
        expect(await ledger.acceptance()).toBeUndefined();
      });

      it('rule 17: is history: a ledger with one is not empty', async () => {
        expect(ledger.emptyAtOpening).toBe(true);
        ledger = await under.reopen();
        expect(ledger.emptyAtOpening).toBe(true);
        await ledger.acceptStore(await word());
        ledger = await under.reopen();
        expect(ledger.emptyAtOpening).toBe(false);
      });
    });

    describe('release', () => {
      it('rule 16: gives uses back once, and the same release again changes nothing', async () => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await ledger.release(intent.signOrderId, 2);
        await ledger.release(intent.signOrderId, 2);
        await expect(ledger.release(intent.signOrderId, 1)).rejects.toEqual(refused('CONTRADICTS'));
        ledger = await under.reopen();
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(1);
        expect((await ledger.entry(intent.signOrderId))?.released).toBe(2);
      });

      it('never gives back more than was intended and has no signature', async () => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await expect(ledger.release(intent.signOrderId, 4)).rejects.toEqual(refused('CONTRADICTS'));
        await expect(ledger.release(intent.signOrderId, 0)).rejects.toEqual(refused('INVALID'));
        await ledger.signatures(intent.signOrderId, ['a', null, null], { flush: true });
        await expect(ledger.release(intent.signOrderId, 3)).rejects.toEqual(refused('CONTRADICTS'));
        await ledger.release(intent.signOrderId, 2);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(1);
      });

      it('has nothing to give back for an order without an intent', async () => {
        await ledger.release(randomUUID(), 1);
        expect(await ledger.spent('op-1', 'fw-prod')).toBe(0);
      });
    });

    describe('signatures', () => {
      it('rule 8: keeps signatures for the next process, flushed or not', async () => {
        const [flushed, not] = [intentOf(), intentOf()];
        await ledger.intend(signer, flushed, GRANT);
        await ledger.intend(signer, not, GRANT);
        await ledger.signatures(flushed.signOrderId, ['a', null, 'c'], { flush: true });
        await ledger.signatures(not.signOrderId, ['d', 'e', 'f'], { flush: false });
        await ledger.signatures(not.signOrderId, ['d', 'e', 'f'], { flush: true });
        ledger = await under.reopen();
        expect((await ledger.entry(flushed.signOrderId))?.signatures).toEqual(['a', null, 'c']);
        expect((await ledger.entry(not.signOrderId))?.signatures).toEqual(['d', 'e', 'f']);
      });

      it('takes more signatures later, and never another one for the same place', async () => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await ledger.signatures(intent.signOrderId, ['a', null, null], { flush: false });
        await ledger.signatures(intent.signOrderId, ['a', 'b', null], { flush: false });
        await expect(ledger.signatures(intent.signOrderId, ['x', 'b', null], { flush: true })).rejects.toEqual(refused('CONTRADICTS'));
        await expect(ledger.signatures(intent.signOrderId, [null, 'b', 'c'], { flush: true })).rejects.toEqual(refused('CONTRADICTS'));
        expect((await ledger.entry(intent.signOrderId))?.signatures).toEqual(['a', 'b', null]);
      });

      it('refuses signatures that no counted use stands behind', async () => {
        const intent = intentOf();
        await ledger.intend(signer, intent, GRANT);
        await expect(ledger.signatures(intent.signOrderId, ['a', 'b', 'c', 'd'], { flush: true })).rejects.toEqual(refused('CONTRADICTS'));
        await ledger.release(intent.signOrderId, 2);
        await expect(ledger.signatures(intent.signOrderId, ['a', 'b', null], { flush: true })).rejects.toEqual(refused('CONTRADICTS'));
        await expect(ledger.signatures(randomUUID(), ['a'], { flush: true })).rejects.toEqual(refused('INTENT_UNKNOWN'));
      });
    });

    notesContract({ ledger: () => ledger, reopen: async () => (ledger = await under.reopen()) });

    describe('checkpoints', () => {
      it('rule 12: keeps the last checkpoint of each name', async () => {
        const [old, last, other] = ['10', '20', '5'].map((position) => ({ storeId: 'store-1', position, eventId: randomUUID() })) as [never, never, never];
        expect(await ledger.checkpoint('orders')).toBeUndefined();
        await ledger.saveCheckpoint('orders', old);
        await ledger.saveCheckpoint('keys', other);
        await ledger.saveCheckpoint('orders', last);
        ledger = await under.reopen();
        expect([await ledger.checkpoint('orders'), await ledger.checkpoint('keys')]).toEqual([last, other]);
      });
    });

    describe('refused PINs', () => {
      it('rule 15: remembers over restarts which PINs were refused', async () => {
        expect(await ledger.isFailedPin('1234')).toBe(false);
        await ledger.rememberFailedPin('1234');
        await ledger.rememberFailedPin('1234');
        await ledger.rememberFailedPin('9999');
        ledger = await under.reopen();
        expect([await ledger.isFailedPin('1234'), await ledger.isFailedPin('9999'), await ledger.isFailedPin('12345')]).toEqual([true, true, false]);
      });
    });

    it('rejects everything once it is closed, and closes twice', async () => {
      await Promise.all([ledger.close(), ledger.close()]);
      await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toMatchObject({ name: 'LedgerUnavailableError', reason: 'CLOSED' });
      await expect(ledger.spent('op-1', 'fw-prod')).rejects.toMatchObject({ reason: 'CLOSED' });
      await expect(ledger.noteOnce('t', 'k', 'v')).rejects.toMatchObject({ reason: 'CLOSED' });
      await expect(ledger.note('t', 'k')).rejects.toMatchObject({ reason: 'CLOSED' });
    });
  });
}
