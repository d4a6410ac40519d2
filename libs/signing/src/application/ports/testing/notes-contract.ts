import { randomUUID } from 'node:crypto';
import type { Actor } from '#kernel/actor.js';
import { LedgerRefusedError, type Ledger } from '../ledger.port.js';

const refused = (reason: string): unknown => expect.objectContaining({ name: LedgerRefusedError.name, reason });

/** What every ledger does with notes: a part of its contract. */
export function notesContract({ ledger, reopen }: { readonly ledger: () => Ledger; readonly reopen: () => Promise<Ledger> }): void {
  describe('notes', () => {
    it('rule 25: keeps what was noted first, for ever', async () => {
      expect(await ledger().note('first-sight', 'op-1')).toBeUndefined();
      expect(await ledger().noteOnce('first-sight', 'op-1', '2026-11-20T12:00:00.000Z')).toBe('2026-11-20T12:00:00.000Z');
      expect(await ledger().noteOnce('first-sight', 'op-1', '2026-11-20T13:00:00.000Z')).toBe('2026-11-20T12:00:00.000Z');
      const again = await reopen();
      expect(await again.note('first-sight', 'op-1')).toBe('2026-11-20T12:00:00.000Z');
      expect(await again.noteOnce('first-sight', 'op-1', '2026-11-20T14:00:00.000Z')).toBe('2026-11-20T12:00:00.000Z');
    });

    it('tells topics and keys apart, whatever they hold', async () => {
      for (const [topic, key] of [['a', 'b c'], ['a b', 'c'], ['a","b', 'c'], ['a', 'b","c']] as const) expect(await ledger().noteOnce(topic, key, `${topic} of ${key}`)).toBe(`${topic} of ${key}`);
      expect(await ledger().note('a b', 'c')).toBe('a b of c');
      expect(await ledger().note('a', 'b')).toBeUndefined();
    });

    it('rule 25: tells every one of many who note at once what the first one noted', async () => {
      const told = await Promise.all(Array.from({ length: 40 }, (_, i) => ledger().noteOnce('key', `k-${i % 4}`, `value ${i}`)));
      expect([...new Set(told)].sort()).toEqual(['value 0', 'value 1', 'value 2', 'value 3']);
      for (const [i, value] of told.entries()) expect(value).toBe(`value ${i % 4}`);
    });

    it('moves the head for what is new, and no count', async () => {
      const before = await ledger().head();
      await ledger().noteOnce('key', 'k', 'x');
      const noted = await ledger().head();
      expect(noted).toEqual({ ...before, head: expect.stringMatching(/^1-[0-9a-f]{16}$/) as string });
      await ledger().noteOnce('key', 'k', 'y');
      await ledger().note('key', 'other');
      expect(await ledger().head()).toEqual(noted);
      const again = await reopen();
      expect(await again.head()).toEqual(noted);
      expect(again.emptyAtOpening).toBe(false);
    });

    it('rule 17: outlives the word of administrators for an older store, which names it', async () => {
      const early = (await ledger().head()).head;
      await ledger().noteOnce('first-sight', 'op-1', 'then');
      const by: readonly [Actor, Actor] = [{ issuer: 'https://idp.test', subject: 'anna' }, { issuer: 'https://idp.test', subject: 'ben' }];
      await expect(ledger().acceptStore({ storeId: 'store-2', head: early, by, eventId: randomUUID() })).rejects.toEqual(refused('HEAD_MOVED'));
      await ledger().acceptStore({ storeId: 'store-2', head: (await ledger().head()).head, by, eventId: randomUUID() });
      expect(await ledger().note('first-sight', 'op-1')).toBe('then');
    });

    it.each<[string, string, string, string]>([
      ['no topic', '', 'k', 'v'], ['no key', 't', '', 'v'], ['no value', 't', 'k', ''],
      ['a long topic', 't'.repeat(257), 'k', 'v'], ['a long key', 't', 'k'.repeat(257), 'v'], ['a long value', 't', 'k', 'v'.repeat(1_025)],
      ['NUL', 't', 'k', 'v\0'], ['half a character', 't', '\ud800', 'v'],
    ])('refuses what is not fit for one: %s', async (_what, topic, key, value) => {
      await expect(ledger().noteOnce(topic, key, value)).rejects.toEqual(refused('INVALID'));
      expect((await ledger().head()).head).toMatch(/^0-/);
    });
  });
}
