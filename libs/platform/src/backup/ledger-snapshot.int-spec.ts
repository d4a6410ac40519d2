import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileLedger } from '../ledger/file-ledger.js';
import { workerEntry } from '../worker-entry.js';
import { withLedgerSnapshot } from './ledger-snapshot.js';

const LOOKS = 7;
const walHeader = (dir: string): string => readFileSync(join(dir, 'ledger.db-wal')).subarray(0, 32).toString('hex');

describe('looking at the ledger of a signer', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'countersign-looked-at-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('while it counts: one state of it each time, never an older one than before, and the signer is not disturbed', async () => {
    const signer = spawn(process.execPath, [workerEntry('libs/platform/src/backup/testing/counting-ledger'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(signer.stdout, 'data');
      let last = -1;
      let waits = 0;
      // In every third look the log begins anew between the two copies.
      const begunAnew = (look: number) => (): void => {
        if (look % 3 !== 0 || waits > look / 3) return;
        waits += 1;
        const [before, deadline] = [walHeader(dir), performance.now() + 20_000];
        while (walHeader(dir) === before && performance.now() < deadline);
      };
      for (let look = 0; look < LOOKS; look += 1) {
        const orders = await withLedgerSnapshot(dir, async ({ ledger, holders }) => {
          const head = await ledger.head();
          expect(holders).toEqual(['signer-1']);
          // All of its tables tell of the same orders.
          expect(head).toMatchObject({ usesSpent: 2 * head.orders, keys: head.orders === 0 ? 0 : 1 });
          expect(await ledger.spent('op', 'key')).toBe(2 * head.orders);
          if (head.orders > 0) expect(await ledger.entry(`order-${head.orders - 1}`)).toMatchObject({ count: 2 });
          expect(await ledger.entry(`order-${head.orders}`)).toBeUndefined();
          return head.orders;
        }, { between: begunAnew(look) });
        expect(orders).toBeGreaterThanOrEqual(last);
        last = orders;
      }
      expect(last).toBeGreaterThan(0);
      expect(waits).toBe(3);
      expect([signer.exitCode, signer.signalCode]).toEqual([null, null]);
    } finally {
      signer.kill('SIGKILL');
      await once(signer, 'exit');
    }
    // What the dead one left is a ledger like any other.
    const after = await withLedgerSnapshot(dir, async ({ ledger }) => (await ledger.head()).orders);
    const ledger = await openFileLedger({ dir });
    expect((await ledger.head()).orders).toBe(after);
    await ledger.close();
  });

  it('leaves the ledger as it is, and nothing behind', async () => {
    const ledger = await openFileLedger({ dir });
    await ledger.claimName({ name: 'signer-1', incarnation: 'i' });
    await ledger.close();
    const bytes = readFileSync(join(dir, 'ledger.db'));
    const left = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-ledger-'));
    const before = left();
    await withLedgerSnapshot(dir, async (snapshot) => expect(snapshot.ledger.ledgerId).toBe(ledger.ledgerId));
    expect(readFileSync(join(dir, 'ledger.db')).equals(bytes)).toBe(true);
    expect(left()).toEqual(before);
  });

  it('where there is none, or another file, says so and makes none', async () => {
    await expect(withLedgerSnapshot(dir, () => Promise.resolve())).rejects.toMatchObject({ name: 'LedgerUnavailableError', message: `${dir} holds no ledger` });
    expect(existsSync(join(dir, 'ledger.db'))).toBe(false);
    writeFileSync(join(dir, 'ledger.db'), 'something else entirely, of more bytes than a header has: '.repeat(20));
    await expect(withLedgerSnapshot(dir, () => Promise.resolve())).rejects.toThrow(/no ledger/);
  });
});
