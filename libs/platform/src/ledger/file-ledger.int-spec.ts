import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { ledgerContract } from '#signing/application/ports/testing/ledger-contract.js';
import type { Ledger, LedgerIntent, LedgerSigner } from '#signing/contract.js';
import { openFileLedger } from './file-ledger.js';

const clock = { now: 1_000_000, monotonic: () => clock.now };
const signer: LedgerSigner = { name: 'signer-1', incarnation: 'first' };
const intentOf = (): LedgerIntent => ({ signOrderId: randomUUID(), operationId: 'op', keyId: 'key', count: 1, relied: [] });
const refusal = (reason: string): object => ({ name: 'LedgerUnavailableError', reason });

let dir: string;
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'ledger-')), 'ledger');
});
afterEach(() => rm(join(dir, '..'), { recursive: true }));

ledgerContract('file', async () => {
  let open = await openFileLedger({ dir, clock });
  return {
    ledger: open,
    reopen: async () => {
      await open.close();
      return (open = await openFileLedger({ dir, clock }));
    },
    advance: (ms) => {
      clock.now += ms;
      return Promise.resolve();
    },
    end: () => open.close(),
  };
});

describe('file ledger', () => {
  const opened: Ledger[] = [];
  const open = async (more: { timeoutMs?: number; maxWaiting?: number } = {}): Promise<Ledger> => {
    const ledger = await openFileLedger({ dir, clock, ...more });
    opened.push(ledger);
    return ledger;
  };
  afterEach(() => Promise.all(opened.splice(0).map((l) => l.close())));

  it('rule 11: one opener at a time, and the folder is free again after it has closed', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject(refusal('LOCKED'));
    await first.close();
    const second = await open();
    expect(second.ledgerId).toBe(first.ledgerId);
  });

  it('rule 17: says whether it holds any history, not whether the file is new', async () => {
    expect((await open()).emptyAtOpening).toBe(true);
    await opened[0]?.close();
    const again = await open();
    expect(again.emptyAtOpening).toBe(true);
    await again.claimName(signer);
    await again.intend(signer, intentOf(), { atMost: 10 });
    await again.close();
    expect((await open()).emptyAtOpening).toBe(false);
  });

  it('rule 9: claims of an earlier process are void, and its silence counts from the opening', async () => {
    const first = await open();
    await first.claimName(signer);
    await first.close();
    clock.now += 100_000;
    const next = await open();
    clock.now += 3_000;
    expect(await next.heartbeats()).toEqual([{ ...signer, silentMs: 3_000 }]);
    await next.claimName({ ...signer, incarnation: 'second' });
    expect(await next.heartbeats()).toEqual([{ name: 'signer-1', incarnation: 'second', silentMs: 0 }]);
  });

  it('rule 15: writes neither the PIN nor anything readable by others', async () => {
    const ledger = await open();
    await ledger.rememberFailedPin('0123-pin-4567');
    await ledger.close();
    for (const name of await readdir(dir)) {
      expect((await readFile(join(dir, name))).includes('0123-pin-4567')).toBe(false);
      if (name.startsWith('ledger.db')) expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
    }
    expect((await stat(dir)).mode & 0o077).toBe(0);
  });

  it('rule 15: salts with a salt of its own', async () => {
    const hashes = async (): Promise<unknown> => {
      const ledger = await open();
      await ledger.rememberFailedPin('1234');
      await ledger.close();
      const db = new Sqlite(join(dir, 'ledger.db'), { readonly: true });
      const all = db.prepare('SELECT hash FROM failed_pins').pluck().all();
      db.close();
      return all;
    };
    const before = await hashes();
    expect(before).toHaveLength(1);
    await rm(dir, { recursive: true });
    expect(await hashes()).not.toEqual(before);
  });

  it('refuses to open what is no ledger, a damaged one, and one of a later version', async () => {
    await (await open()).close();
    const file = join(dir, 'ledger.db');
    const db = new Sqlite(file);
    db.pragma('user_version = 99');
    db.close();
    await expect(open()).rejects.toMatchObject({ ...refusal('FAILED'), message: expect.stringContaining('version 99') as string });
    await writeFile(file, 'not a database, but long enough to be looked at as if it were one'.repeat(100));
    await expect(open()).rejects.toMatchObject(refusal('FAILED'));
    expect(await readFile(file, 'utf8')).toContain('not a database');
  });

  it('refuses to go on when its file was moved away under it', async () => {
    const ledger = await open();
    await ledger.claimName(signer);
    await rename(join(dir, 'ledger.db'), join(dir, 'moved.db'));
    await expect(ledger.intend(signer, intentOf(), { atMost: 10 })).rejects.toMatchObject(refusal('FAILED'));
    await rename(join(dir, 'moved.db'), join(dir, 'ledger.db'));
    await ledger.intend(signer, intentOf(), { atMost: 10 });
    expect(await ledger.spent('op', 'key')).toBe(1);
  });

  it('refuses a request more than may wait, and one whose time is over', async () => {
    const ledger = await open({ maxWaiting: 2 });
    await ledger.claimName(signer);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => ledger.intend(signer, intentOf(), { atMost: 10 })));
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await ledger.spent('op', 'key')).toBe(2);
    await ledger.close();
    await expect(open({ timeoutMs: 0 })).rejects.toMatchObject(refusal('TIMEOUT'));
  });
});
