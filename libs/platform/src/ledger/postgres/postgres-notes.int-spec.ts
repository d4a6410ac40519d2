import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Ledger } from '#signing/contract.js';
import { startPostgres, type PostgresServer } from '#test/fixtures/postgres.js';
import { packageRoot } from '../../worker-entry.js';
import { openPostgresLedger } from './postgres-ledger.js';
import { startCuttingProxy } from './testing/cutting-proxy.js';

const FIRST_FORM = join(packageRoot, 'libs/platform/src/ledger/postgres/testdata/ledger-1.sql');
const signer = { name: 'signer-1', incarnation: 'after' };

let server: PostgresServer;
let url: string;
const opened: Ledger[] = [];
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.database();
});
afterEach(() => Promise.all(opened.splice(0).map((l) => l.close())));

const open = async (at = url): Promise<Ledger> => {
  const ledger = await openPostgresLedger({ url: at, claimWaitMs: 1_000, graceMs: 300 });
  opened.push(ledger);
  return ledger;
};
const run = async (text: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
};

describe('notes of signers that share a ledger', () => {
  it('rule 25: of two signers that note at once both are told the same, time after time', async () => {
    const [first, second] = [await open(), await open()];
    for (let i = 0; i < 100; i++) {
      const told = await Promise.all([first.noteOnce('first-sight', `op-${i}`, 'seen by the first'), second.noteOnce('first-sight', `op-${i}`, 'seen by the second')]);
      expect(told[0]).toBe(told[1]);
      expect(await first.note('first-sight', `op-${i}`)).toBe(told[0]);
    }
    expect((await second.head()).head).toMatch(/^100-/);
  });

  it.each(['before', 'after'] as const)('rule 25: what a connection was lost over %s it came there is told by noting again', async (when) => {
    const proxy = await startCuttingProxy(server.port);
    try {
      const ledger = await open(url.replace(`:${server.port}`, `:${proxy.port}`));
      proxy.cutNext(when, 'one');
      const told = await ledger.noteOnce('key', 'k', 'one').catch((error: unknown) => error);
      expect(told).toMatchObject({ name: 'LedgerUnavailableError' });
      expect(await ledger.noteOnce('key', 'k', 'another')).toBe(when === 'after' ? 'one' : 'another');
    } finally {
      await Promise.all(opened.splice(0).map((l) => l.close()));
      await proxy.end();
    }
  });
});

describe('a shared ledger of the first form', () => {
  beforeEach(async () => run(await readFile(FIRST_FORM, 'utf8')));

  it('rule 16: opens with all that it counted, and takes notes', async () => {
    const [ledger, beside] = await Promise.all([open(), open()]);
    expect(await ledger.head()).toEqual({ head: '3-f7f035b690eeb7fe', orders: 2, usesSpent: 4, keys: 1 });
    expect(await ledger.remembered('operation-op')).toEqual({ stream: 'operation-op', revision: 6, hash: 'c'.repeat(64) });
    expect(await ledger.checkpoint('sign-orders')).toEqual({ storeId: 'store-1', position: '20', eventId: 'event-20' });
    expect(await ledger.noteOnce('first-sight', 'op', 'now')).toBe('now');
    expect(await beside.noteOnce('first-sight', 'op', 'later')).toBe('now');
    await ledger.claimName(signer);
    const intent = { signOrderId: 'order-3', operationId: 'op', keyId: 'key', count: 1, relied: [] };
    await expect(ledger.intend(signer, intent, { atMost: 4 })).rejects.toMatchObject({ reason: 'OVER_GRANT' });
    await ledger.intend(signer, intent, { atMost: 5 });
    expect((await ledger.head()).head).toMatch(/^5-/);
  });

  it('is left alone when it is of a form that nobody here knows', async () => {
    await run(`UPDATE countersign_ledger.facts SET value = '3' WHERE name = 'version'`);
    await expect(open()).rejects.toMatchObject({ name: 'LedgerUnavailableError', message: expect.stringContaining('version 3') as string });
  });
});
