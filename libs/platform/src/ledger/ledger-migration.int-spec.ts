import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { openFileLedger } from './file-ledger.js';

/** As the first release made it. */
const FIRST_FORM = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE flushes (only INTEGER PRIMARY KEY CHECK (only = 1), n INTEGER NOT NULL);
  CREATE TABLE names (name TEXT PRIMARY KEY, incarnation TEXT NOT NULL, held INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE intents (
    sign_order_id TEXT NOT NULL UNIQUE, signer TEXT NOT NULL, incarnation TEXT NOT NULL, operation_id TEXT NOT NULL, key_id TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0), released INTEGER NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND count), relied TEXT NOT NULL, signatures TEXT
  );
  CREATE TABLE spent (operation_id TEXT NOT NULL, key_id TEXT NOT NULL, uses INTEGER NOT NULL CHECK (uses >= 0), PRIMARY KEY (operation_id, key_id)) WITHOUT ROWID;
  CREATE TABLE checkpoints (name TEXT PRIMARY KEY, store_id TEXT NOT NULL, position TEXT NOT NULL, event_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE failed_pins (number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE);
  INSERT INTO facts VALUES ('ledgerId', 'the-ledger'), ('pinSalt', 'c2FsdHNhbHRzYWx0c2FsdA==');
  INSERT INTO flushes VALUES (1, 7);
  INSERT INTO names VALUES ('signer-1', 'before', 1);
  INSERT INTO intents VALUES
    ('order-1', 'signer-1', 'before', 'op', 'key', 3, 1, '[{"stream":"operation-op","revision":4,"hash":"a4"},{"stream":"key-key","revision":1,"hash":"b1"}]', '["s1","s2",null]'),
    ('order-2', 'signer-1', 'before', 'op', 'key', 2, 0, '[{"stream":"operation-op","revision":6,"hash":"a6"}]', NULL),
    ('order-3', 'signer-1', 'before', 'op', 'other', 1, 0, '[{"stream":"operation-op","revision":5,"hash":"a5"},{"stream":"key-other","revision":0,"hash":"c0"}]', NULL);
  INSERT INTO spent VALUES ('op', 'key', 4), ('op', 'other', 1);
  INSERT INTO checkpoints VALUES ('sign-orders', 'store-1', '20', 'event-20');
  PRAGMA application_id = 0x6374736e;
  PRAGMA user_version = 1;
`;

describe('a ledger of the first form', () => {
  let dir: string;
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'ledger-')), 'ledger');
    await mkdir(dir);
    const db = new Sqlite(join(dir, 'ledger.db'));
    db.exec(FIRST_FORM);
    db.close();
  });
  afterEach(() => rm(join(dir, '..'), { recursive: true }));

  it('rule 16: opens with all that it counted, and remembers what its orders relied on', async () => {
    const ledger = await openFileLedger({ dir });
    try {
      expect([ledger.ledgerId, ledger.emptyAtOpening]).toEqual(['the-ledger', false]);
      expect([await ledger.spent('op', 'key'), await ledger.spent('op', 'other')]).toEqual([4, 1]);
      expect(await ledger.entry('order-1')).toMatchObject({ count: 3, released: 1, signatures: ['s1', 's2', null] });
      expect(await ledger.remembered('operation-op')).toEqual({ stream: 'operation-op', revision: 6, hash: 'a6' });
      expect((await ledger.newestRemembered(10)).map((r) => r.stream)).toEqual(['key-other', 'operation-op', 'key-key']);
      expect(await ledger.checkpoint('sign-orders')).toEqual({ storeId: 'store-1', position: '20', eventId: 'event-20' });
      const head = await ledger.head();
      expect(head).toEqual({ head: expect.stringMatching(/^4-[0-9a-f]{16}$/) as string, orders: 3, usesSpent: 5, keys: 2 });
      await ledger.close();
      const again = await openFileLedger({ dir });
      expect(await again.head()).toEqual(head);
      const signer = { name: 'signer-1', incarnation: 'after' };
      await again.claimName(signer);
      const intent = { signOrderId: 'order-4', operationId: 'op', keyId: 'key', count: 1, relied: [] };
      await expect(again.intend(signer, intent, { atMost: 4 })).rejects.toMatchObject({ reason: 'OVER_GRANT' });
      await again.intend(signer, intent, { atMost: 5 });
      expect((await again.head()).head).toMatch(/^5-/);
      expect(await again.noteOnce('first-sight', 'op', 'now')).toBe('now');
      expect((await again.head()).head).toMatch(/^6-/);
      await again.close();
    } finally {
      await ledger.close();
    }
  });

  it('takes notes once it is of the third form, also when it was of the second', async () => {
    await (await openFileLedger({ dir })).close();
    const db = new Sqlite(join(dir, 'ledger.db'));
    db.exec('DROP TABLE notes; PRAGMA user_version = 2;');
    const before = db.prepare('SELECT sequence, hash FROM head').get();
    db.close();
    const ledger = await openFileLedger({ dir });
    expect((await ledger.head()).head).toBe(`4-${(before as { hash: string }).hash.slice(0, 16)}`);
    expect(await ledger.noteOnce('key', 'k', 'x')).toBe('x');
    await ledger.close();
    const again = await openFileLedger({ dir });
    expect(await again.note('key', 'k')).toBe('x');
    await again.close();
  });

  it('stays as it is when it cannot be brought up to date', async () => {
    const file = join(dir, 'ledger.db');
    let db = new Sqlite(file);
    db.exec(`UPDATE intents SET relied = 'no JSON' WHERE sign_order_id = 'order-3'`);
    db.close();
    await expect(openFileLedger({ dir })).rejects.toMatchObject({ name: 'LedgerUnavailableError', reason: 'FAILED' });
    db = new Sqlite(file);
    expect(db.pragma('user_version', { simple: true })).toBe(1);
    expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'head'`).pluck().get()).toBe(0);
    db.close();
  });
});
