import { LedgerUnavailableError, type LedgerCheckpoint, type LedgerEntry, type LedgerHead, type LedgerIntent, type ReliedEvent, type StoreAcceptance } from '#signing/contract.js';
import { headText } from '../ledger-chain.js';
import { requireLimit } from '../ledger-limits.js';
import type { NameRow } from './heard-names.js';
import type { LedgerSession } from './ledger-session.js';

export const NAME_ROWS = `SELECT name, incarnation, beats::float8 AS beats, (extract(epoch FROM clock_timestamp() - heard_at) * 1000)::float8 AS "ageMs" FROM countersign_ledger.names ORDER BY name`;
const ENTRY = `
  SELECT sign_order_id AS "signOrderId", operation_id AS "operationId", key_id AS "keyId", count, relied::json AS relied, signer, incarnation, released, signatures::json AS signatures
  FROM countersign_ledger.intents WHERE sign_order_id = $1`;
const SPENT = 'SELECT uses::float8 AS uses FROM countersign_ledger.spent WHERE operation_id = $1 AND key_id = $2';
const REMEMBERED = `
  SELECT stream, revision::float8 AS revision, hash FROM countersign_ledger.remembered
  WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM countersign_ledger.acceptances)`;
const HEAD = `
  SELECT h.sequence::float8 AS sequence, h.hash, h.orders::float8 AS orders, s.uses::float8 AS "usesSpent", s.keys::float8 AS keys
  FROM countersign_ledger.head h, (SELECT coalesce(sum(uses), 0) AS uses, count(DISTINCT key_id) AS keys FROM countersign_ledger.spent) s`;
const ACCEPTANCE = 'SELECT store_id AS "storeId", head, principals::json AS by, event_id AS "eventId" FROM countersign_ledger.acceptances ORDER BY sequence DESC LIMIT 1';
const NOTE = 'SELECT value FROM countersign_ledger.notes WHERE topic = $1 AND key = $2';
const CHECKPOINT = 'SELECT store_id AS "storeId", position, event_id AS "eventId" FROM countersign_ledger.checkpoints WHERE name = $1';

/** What the ledger tells, from a session of its own: a long group of writes holds up no question. */
export class PostgresReads {
  #asked = 0;
  constructor(private readonly session: LedgerSession, private readonly maxWaiting: number) {}

  names = (): Promise<readonly NameRow[]> => this.#rows<NameRow>(NAME_ROWS);
  entry = async (signOrderId: string): Promise<LedgerEntry | undefined> => this.#first<LedgerEntry & { readonly relied: LedgerIntent['relied'] }>(ENTRY, signOrderId);
  spent = async (operationId: string, keyId: string): Promise<number> => (await this.#first<{ readonly uses: number }>(SPENT, operationId, keyId))?.uses ?? 0;
  remembered = (stream: string): Promise<ReliedEvent | undefined> => this.#first<ReliedEvent>(`${REMEMBERED} AND stream = $1`, stream);
  acceptance = (): Promise<StoreAcceptance | undefined> => this.#first<StoreAcceptance>(ACCEPTANCE);
  note = async (topic: string, key: string): Promise<string | undefined> => (await this.#first<{ readonly value: string }>(NOTE, topic, key))?.value;
  checkpoint = (name: string): Promise<LedgerCheckpoint | undefined> => this.#first<LedgerCheckpoint>(CHECKPOINT, name);
  isFailedPinHash = async (hash: string): Promise<boolean> => (await this.#first('SELECT 1 FROM countersign_ledger.failed_pins WHERE hash = $1', hash)) !== undefined;

  newestRemembered = async (limit: number): Promise<readonly ReliedEvent[]> => {
    requireLimit(limit);
    return this.#rows<ReliedEvent>(`${REMEMBERED} ORDER BY sequence DESC, stream LIMIT $1`, limit);
  };

  head = async (): Promise<LedgerHead> => {
    const row = await this.#first<Omit<LedgerHead, 'head'> & { readonly sequence: number; readonly hash: string }>(HEAD);
    if (row === undefined) throw new LedgerUnavailableError('FAILED', 'the ledger has no head');
    const { orders, usesSpent, keys } = row;
    return { head: headText(row), orders, usesSpent, keys };
  };

  async #first<T extends object>(text: string, ...values: readonly unknown[]): Promise<T | undefined> {
    return (await this.#rows<T>(text, ...values))[0];
  }

  async #rows<T extends object>(text: string, ...values: readonly unknown[]): Promise<readonly T[]> {
    if (this.#asked >= this.maxWaiting) throw new LedgerUnavailableError('OVERLOADED', `${this.maxWaiting} requests wait for the ledger`);
    this.#asked += 1;
    try {
      return (await this.session.use((client) => client.query<T>(text, [...values]))).rows;
    } finally {
      this.#asked -= 1;
    }
  }
}
