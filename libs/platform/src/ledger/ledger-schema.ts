import { randomBytes, randomUUID } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { LedgerIntent } from '#signing/contract.js';
import { chainBeginning, chained, intentRecord, releaseRecord } from './ledger-chain.js';

/** `ctsn`: no other program's database is taken for a ledger. */
export const APPLICATION_ID = 0x6374_736e;
export const SCHEMA_VERSION = 3;

/** Never changed: files of this form are out there. */
const FIRST = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE flushes (only INTEGER PRIMARY KEY CHECK (only = 1), n INTEGER NOT NULL);
  CREATE TABLE names (name TEXT PRIMARY KEY, incarnation TEXT NOT NULL, held INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE intents (
    sign_order_id TEXT NOT NULL UNIQUE,
    signer TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    released INTEGER NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND count),
    relied TEXT NOT NULL,
    signatures TEXT
  );
  CREATE TABLE spent (
    operation_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    uses INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (operation_id, key_id)
  ) WITHOUT ROWID;
  CREATE TABLE checkpoints (name TEXT PRIMARY KEY, store_id TEXT NOT NULL, position TEXT NOT NULL, event_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE failed_pins (number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE);
`;

/** `sequence` is that of the head when the row was written. */
const SECOND = `
  CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), sequence INTEGER NOT NULL, hash TEXT NOT NULL, orders INTEGER NOT NULL);
  CREATE TABLE remembered (stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, hash TEXT NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE acceptances (sequence INTEGER PRIMARY KEY, store_id TEXT NOT NULL, head TEXT NOT NULL, principals TEXT NOT NULL, event_id TEXT NOT NULL UNIQUE);
`;

const THIRD = `
  CREATE TABLE notes (topic TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (topic, key)) WITHOUT ROWID;
`;

/** @throws Error when the file lacks it */
export function fact(db: Database.Database, name: string): string {
  const value: unknown = db.prepare('SELECT value FROM facts WHERE name = ?').pluck().get(name);
  if (typeof value !== 'string') throw new Error(`the ledger's file lacks its ${name}`);
  return value;
}

/** Brings a blank file, or one of an earlier version, to this one: all of it or nothing. @param version its own, 0 when blank */
export function bringUpToDate(db: Database.Database, version: number): void {
  if (version === SCHEMA_VERSION) return;
  db.transaction(() => {
    if (version < 1) makeFirst(db);
    if (version < 2) addSecond(db);
    if (version < 3) db.exec(THIRD);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
}

function makeFirst(db: Database.Database): void {
  db.exec(FIRST);
  const add = db.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
  add.run('ledgerId', randomUUID());
  add.run('pinSalt', randomBytes(16).toString('base64'));
  db.exec('INSERT INTO flushes (only, n) VALUES (1, 0)');
  db.pragma(`application_id = ${APPLICATION_ID}`);
}

interface FirstIntent {
  readonly signOrderId: string;
  readonly operationId: string;
  readonly keyId: string;
  readonly count: number;
  readonly released: number;
  readonly relied: string;
  readonly name: string;
  readonly incarnation: string;
}

/** The first form kept no order of releases: the chain has each behind its intent. */
function addSecond(db: Database.Database): void {
  db.exec(SECOND);
  const intents = db.prepare<[], FirstIntent>(
    'SELECT sign_order_id AS signOrderId, operation_id AS operationId, key_id AS keyId, count, released, relied, signer AS name, incarnation FROM intents ORDER BY rowid',
  );
  const newest = new Map<string, { readonly revision: number; readonly hash: string; readonly sequence: number }>();
  let head = chainBeginning(fact(db, 'ledgerId'));
  let orders = 0;
  for (const row of intents.iterate()) {
    const relied = JSON.parse(row.relied) as LedgerIntent['relied'];
    head = chained(head, intentRecord(row, { ...row, relied }, row.relied));
    orders += 1;
    for (const { stream, revision, hash } of relied) if (revision >= (newest.get(stream)?.revision ?? 0)) newest.set(stream, { revision, hash, sequence: head.sequence });
    if (row.released > 0) head = chained(head, releaseRecord(row.signOrderId, row.released));
  }
  db.prepare('INSERT INTO head (only, sequence, hash, orders) VALUES (1, ?, ?, ?)').run(head.sequence, head.hash, orders);
  const remember = db.prepare('INSERT INTO remembered (stream, revision, hash, sequence) VALUES (?, ?, ?, ?)');
  for (const [stream, { revision, hash, sequence }] of newest) remember.run(stream, revision, hash, sequence);
}
