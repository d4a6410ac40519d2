import { randomBytes, randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { chainBeginning } from '../ledger-chain.js';
import { FIRST_FUNCTIONS, SECOND_FUNCTIONS } from './postgres-functions.js';

const SCHEMA_VERSION = '2';
/** Two signers that start at once make the schema one after the other. A number nobody else uses in this database. */
const MAKING_LOCK = '7161681264';

/** `sequence` is that of the head when the row was written. Rows that change often leave room beside them, so that indexes stay as they are. */
const FIRST = `
  CREATE SCHEMA IF NOT EXISTS countersign_ledger;
  CREATE TABLE countersign_ledger.facts (name text PRIMARY KEY, value text NOT NULL);
  CREATE TABLE countersign_ledger.head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    sequence bigint NOT NULL,
    hash text NOT NULL,
    orders bigint NOT NULL
  ) WITH (fillfactor = 10);
  CREATE TABLE countersign_ledger.names (
    name text PRIMARY KEY,
    incarnation text NOT NULL,
    held boolean NOT NULL,
    pid integer NOT NULL,
    beats bigint NOT NULL,
    heard_at timestamptz NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE countersign_ledger.intents (
    sign_order_id text PRIMARY KEY,
    signer text NOT NULL,
    incarnation text NOT NULL,
    operation_id text NOT NULL,
    key_id text NOT NULL,
    count integer NOT NULL CHECK (count > 0),
    released integer NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND count),
    relied text NOT NULL,
    signatures text,
    sequence bigint NOT NULL
  ) WITH (fillfactor = 80);
  CREATE TABLE countersign_ledger.spent (
    operation_id text NOT NULL,
    key_id text NOT NULL,
    uses bigint NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (operation_id, key_id)
  ) WITH (fillfactor = 50);
  CREATE TABLE countersign_ledger.remembered (stream text PRIMARY KEY, revision bigint NOT NULL, hash text NOT NULL, sequence bigint NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE countersign_ledger.acceptances (sequence bigint PRIMARY KEY, store_id text NOT NULL, head text NOT NULL, principals text NOT NULL, event_id text NOT NULL UNIQUE);
  CREATE TABLE countersign_ledger.checkpoints (name text PRIMARY KEY, store_id text NOT NULL, position text NOT NULL, event_id text NOT NULL);
  CREATE TABLE countersign_ledger.failed_pins (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash text NOT NULL UNIQUE);
`;

const SECOND = `
  CREATE TABLE countersign_ledger.notes (topic text NOT NULL, key text NOT NULL, value text NOT NULL, sequence bigint NOT NULL, PRIMARY KEY (topic, key));
`;

/**
 * Makes the ledger's schema where there is none, if `create` says so, and brings one of an earlier version up to date; whoever has one of this version needs
 * no right to make anything. A signer of the version before goes on with what it has open, and is refused when it connects anew.
 * @throws Error when it is one of a later version, when there is none, or whatever the database throws
 */
export async function bringUpToDate(client: ClientBase, { create }: { readonly create: boolean }): Promise<void> {
  const found = await versionOf(client);
  if (found === undefined && !create) throw new Error('the database holds no ledger');
  if (found === undefined || found === '1') await make(client);
  const version = await versionOf(client);
  if (version !== SCHEMA_VERSION) throw new Error(`the ledger has version ${version ?? '?'}, this program knows ${SCHEMA_VERSION}`);
}

async function versionOf(client: ClientBase): Promise<string | undefined> {
  // By the rows of the catalog: what a session has cached of it may be older than a lock that it was just given.
  const { rows: [there] } = await client.query<{ readonly there: boolean }>(`SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'countersign_ledger' AND tablename = 'facts') AS there`);
  if (there?.there !== true) return undefined;
  const { rows: [row] } = await client.query<{ readonly value: string }>(`SELECT value FROM countersign_ledger.facts WHERE name = 'version'`);
  return row?.value ?? 'of nobody knows';
}

async function make(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MAKING_LOCK]);
    if ((await versionOf(client)) === undefined) await makeFirst(client);
    if ((await versionOf(client)) === '1') {
      await client.query(SECOND);
      await client.query(SECOND_FUNCTIONS);
      await client.query(`UPDATE countersign_ledger.facts SET value = $1 WHERE name = 'version'`, [SCHEMA_VERSION]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Without the function that writes, which the second form has. */
async function makeFirst(client: ClientBase): Promise<void> {
  const ledgerId = randomUUID();
  const { hash } = chainBeginning(ledgerId);
  await client.query(FIRST);
  await client.query(FIRST_FUNCTIONS);
  await client.query('INSERT INTO countersign_ledger.head (sequence, hash, orders) VALUES (0, $1, 0)', [hash]);
  const facts = [['version', '1'], ['ledgerId', ledgerId], ['pinSalt', randomBytes(16).toString('base64')]];
  for (const fact of facts) await client.query('INSERT INTO countersign_ledger.facts (name, value) VALUES ($1, $2)', fact);
}
