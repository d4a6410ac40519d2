import type Database from 'better-sqlite3';
import { LedgerRefusedError, type LedgerHead, type LedgerIntent, type ReliedEvent, type StoreAcceptance } from '#signing/contract.js';
import { acceptanceRecord, chained, headText, noteRecord, type ChainHead } from './ledger-chain.js';

interface AcceptanceRow {
  readonly sequence: number;
  readonly store_id: string;
  readonly head: string;
  readonly principals: string;
  readonly event_id: string;
}

const acceptanceOf = (row: AcceptanceRow): StoreAcceptance => ({ storeId: row.store_id, head: row.head, by: JSON.parse(row.principals) as StoreAcceptance['by'], eventId: row.event_id });

/** The chain over all records, the newest event of each stream that an order relied on, the administrators' word about older stores, and notes. */
export class LedgerMemories {
  readonly #head;
  readonly #advance;
  readonly #acceptedAt;
  readonly #remembered;
  readonly #newest;
  readonly #remember;
  readonly #latest;
  readonly #acceptedBy;
  readonly #accept;
  readonly #totals;
  readonly #note;
  readonly #keepNote;
  constructor(db: Database.Database) {
    this.#head = db.prepare<[], ChainHead>('SELECT sequence, hash FROM head');
    this.#advance = db.prepare<[number, string, number]>('UPDATE head SET sequence = ?, hash = ?, orders = orders + ?');
    this.#acceptedAt = db.prepare<[], number>('SELECT coalesce(max(sequence), 0) FROM acceptances').pluck();
    this.#remembered = db.prepare<[string, number], ReliedEvent>('SELECT stream, revision, hash FROM remembered WHERE stream = ? AND sequence > ?');
    this.#newest = db.prepare<[number, number], ReliedEvent>('SELECT stream, revision, hash FROM remembered WHERE sequence > ? ORDER BY sequence DESC, stream LIMIT ?');
    this.#remember = db.prepare<[string, number, string, number, number]>(
      `INSERT INTO remembered (stream, revision, hash, sequence) VALUES (?, ?, ?, ?)
       ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, hash = excluded.hash, sequence = excluded.sequence WHERE excluded.revision >= revision OR sequence <= ?`,
    );
    this.#latest = db.prepare<[], AcceptanceRow>('SELECT sequence, store_id, head, principals, event_id FROM acceptances ORDER BY sequence DESC LIMIT 1');
    this.#acceptedBy = db.prepare<[string], AcceptanceRow>('SELECT sequence, store_id, head, principals, event_id FROM acceptances WHERE event_id = ?');
    this.#accept = db.prepare<[number, string, string, string, string]>('INSERT INTO acceptances (sequence, store_id, head, principals, event_id) VALUES (?, ?, ?, ?, ?)');
    this.#totals = db.prepare<[], Omit<LedgerHead, 'head'>>('SELECT (SELECT orders FROM head) AS orders, coalesce(sum(uses), 0) AS usesSpent, count(DISTINCT key_id) AS keys FROM spent');
    this.#note = db.prepare<[string, string], string>('SELECT value FROM notes WHERE topic = ? AND key = ?').pluck();
    this.#keepNote = db.prepare<[string, string, string, number]>('INSERT INTO notes (topic, key, value, sequence) VALUES (?, ?, ?, ?)');
  }

  /** Moves the head by one record. @returns its sequence */
  record(text: string, orders: 0 | 1): number {
    const next = chained(this.#chain(), text);
    this.#advance.run(next.sequence, next.hash, orders);
    return next.sequence;
  }

  /** The same revision of a stream has the same event for ever, unless the store was set back. @throws LedgerRefusedError CONTRADICTS */
  requireConsistent(relied: LedgerIntent['relied']): void {
    for (const { stream, revision, hash } of relied) {
      const kept = this.remembered(stream);
      if (kept?.revision === revision && kept.hash !== hash) throw new LedgerRefusedError('CONTRADICTS', `${stream} had another event at revision ${revision}`);
    }
  }

  remember(relied: LedgerIntent['relied'], sequence: number): void {
    const acceptedAt = this.#accepted();
    for (const { stream, revision, hash } of relied) this.#remember.run(stream, revision, hash, sequence, acceptedAt);
  }

  remembered(stream: string): ReliedEvent | undefined {
    return this.#remembered.get(stream, this.#accepted());
  }

  newest(limit: number): readonly ReliedEvent[] {
    return this.#newest.all(this.#accepted(), limit);
  }

  head(): LedgerHead {
    const totals = this.#totals.get();
    if (totals === undefined) throw new Error('the ledger has no head');
    return { head: headText(this.#chain()), ...totals };
  }

  acceptStore(acceptance: StoreAcceptance): void {
    const record = acceptanceRecord(acceptance);
    const same = this.#acceptedBy.get(acceptance.eventId);
    if (same !== undefined && acceptanceRecord(acceptanceOf(same)) !== record) throw new LedgerRefusedError('CONTRADICTS', `event ${acceptance.eventId} said something else`);
    if (same !== undefined) return;
    const head = headText(this.#chain());
    if (acceptance.head !== head) throw new LedgerRefusedError('HEAD_MOVED', `the head of the ledger is ${head}, not ${acceptance.head}`);
    const principals = JSON.stringify(acceptance.by.map(({ issuer, subject }) => ({ issuer, subject })));
    this.#accept.run(this.record(record, 0), acceptance.storeId, acceptance.head, principals, acceptance.eventId);
  }

  acceptance(): StoreAcceptance | undefined {
    const row = this.#latest.get();
    return row === undefined ? undefined : acceptanceOf(row);
  }

  noteOnce(topic: string, key: string, value: string): string {
    const kept = this.note(topic, key);
    if (kept !== undefined) return kept;
    this.#keepNote.run(topic, key, value, this.record(noteRecord(topic, key, value), 0));
    return value;
  }

  note(topic: string, key: string): string | undefined {
    return this.#note.get(topic, key);
  }

  #chain(): ChainHead {
    const head = this.#head.get();
    if (head === undefined) throw new Error('the ledger has no head');
    return head;
  }

  #accepted(): number {
    return this.#acceptedAt.get() ?? 0;
  }
}
