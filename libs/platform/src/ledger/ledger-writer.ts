import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError } from '#signing/contract.js';
import { sharedNow, type LedgerAnswer, type LedgerCall, type LedgerCalls, type LedgerFault, type LedgerFacts, type LedgerRequest, type LedgerThreadSettings } from './ledger-calls.js';
import { openLedgerDatabase, type LedgerDatabase } from './ledger-database.js';
import { LedgerPulse, voidClaims } from './ledger-names.js';
import { ledgerRecords } from './ledger-records.js';

interface OpenFile {
  readonly database: LedgerDatabase;
  readonly records: LedgerCalls;
  /** Grows with every row written. */
  readonly changes: () => unknown;
}

const openFile = (database: LedgerDatabase, pulse: LedgerPulse): OpenFile => {
  const changes = database.db.prepare('SELECT total_changes()').pluck();
  return { database, records: ledgerRecords(database.db, pulse), changes: () => changes.get() };
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
export const storageReason = (error: unknown): 'DISK_FULL' | 'FAILED' => (['SQLITE_FULL', 'ENOSPC', 'EDQUOT'].includes(codeOf(error)) ? 'DISK_FULL' : 'FAILED');

/** Reads, and signatures that may wait for the next flush; all else is on the disk before it is answered. */
const READS: readonly LedgerCall['method'][] = ['heartbeats', 'entry', 'spent', 'remembered', 'newestRemembered', 'head', 'acceptance', 'note', 'checkpoint', 'isFailedPinHash'];
const mustBeFlushed = (call: LedgerCall): boolean => (call.method === 'signatures' ? call.args[2].flush : !READS.includes(call.method));

const refusalOf = (error: unknown): LedgerFault | undefined => {
  if (error instanceof LedgerNameTakenError) return { kind: 'name-taken', message: error.message };
  if (error instanceof LedgerIntentExistsError) return { kind: 'intent-exists', message: error.message };
  if (error instanceof LedgerRefusedError) return { kind: 'refused', reason: error.reason, message: error.message };
  return undefined;
};

/** A disk that was found full is tried again when it has so many bytes: room for what an order writes, where a heartbeat alone would find some in a block that is there already. */
const ROOM_BYTES = 256 * 1024;

/** The one writer of a ledger's file: a group of requests is one transaction, and is answered only after its COMMIT has returned. */
export class LedgerWriter {
  readonly #file: string;
  readonly #ledgerId: string;
  readonly #inode: number;
  readonly #pulse: LedgerPulse;
  readonly facts: LedgerFacts;
  #open: OpenFile | undefined;
  /** Something was committed that no flush has followed yet; so it may be with what the process before us left. */
  #unflushed = true;
  #full = false;
  #synchronous: 'FULL' | 'NORMAL' = 'FULL';

  /** @throws when the file cannot be opened or made */
  constructor(settings: LedgerThreadSettings) {
    this.#file = settings.file;
    this.#pulse = new LedgerPulse(settings.openedAt);
    const database = openLedgerDatabase(settings.file, { create: true });
    this.#ledgerId = database.ledgerId;
    this.#inode = database.inode;
    try {
      voidClaims(database.db);
      const empty = database.db.prepare('SELECT (SELECT sequence FROM head) = 0 AND NOT EXISTS (SELECT 1 FROM checkpoints)').pluck().get() === 1;
      this.facts = { ledgerId: database.ledgerId, emptyAtOpening: empty, pinSalt: database.pinSalt };
      this.#open = openFile(database, this.#pulse);
    } catch (error) {
      database.db.close();
      throw error;
    }
  }

  /** Answers every request, in order. Never throws. */
  commit(requests: readonly LedgerRequest[]): readonly LedgerAnswer[] {
    const now = sharedNow();
    const late = requests.filter((r) => r.deadline <= now);
    const live = requests.filter((r) => r.deadline > now);
    const answers = live.length === 0 ? [] : this.#transact(live);
    return [...answers, ...late.map(({ id }) => ({ id, fault: { kind: 'unavailable', reason: 'TIMEOUT', message: 'the ledger was too busy' } } as const))];
  }

  close(): void {
    this.#abandon();
  }

  #transact(requests: readonly LedgerRequest[]): readonly LedgerAnswer[] {
    try {
      const { database: { db }, records, changes } = this.#opened();
      const flush = requests.some((r) => mustBeFlushed(r.call));
      if (flush && this.#full) this.#requireRoom();
      this.#setSynchronous(flush ? 'FULL' : 'NORMAL');
      db.exec('BEGIN');
      const before = changes();
      const answers = requests.map((request) => this.#answer(records, request));
      let written = changes() !== before;
      if (flush && !written && this.#unflushed) {
        // A call that found its work done by an unflushed one promises a flush all the same: SQLite flushes only a commit that writes.
        db.exec('UPDATE flushes SET n = n + 1');
        written = true;
      }
      db.exec('COMMIT');
      if (written) this.#unflushed = !flush;
      return answers;
    } catch (error) {
      return this.#failed(requests, error);
    }
  }

  #answer(records: LedgerCalls, { id, call }: LedgerRequest): LedgerAnswer {
    try {
      const run = records[call.method] as (...args: readonly unknown[]) => unknown;
      return { id, value: run(...call.args) };
    } catch (error) {
      const fault = refusalOf(error);
      if (fault === undefined) throw error;
      return { id, fault };
    }
  }

  /** Nothing of the group counts as written. If it is there after all, uses are counted that nobody will use: never the other way round. */
  #failed(requests: readonly LedgerRequest[], error: unknown): readonly LedgerAnswer[] {
    const reason = storageReason(error);
    this.#full ||= reason === 'DISK_FULL';
    try {
      if (this.#open?.database.db.inTransaction === true) this.#open.database.db.exec('ROLLBACK');
    } catch {
      this.#abandon();
    }
    // SQLite undoes a commit that found the disk full. After any other error the file is opened anew, which writes its log back first:
    // what a failed flush left behind must not lie in front of what is acknowledged later.
    if (reason !== 'DISK_FULL') this.#abandon();
    return requests.map(({ id }) => ({ id, fault: { kind: 'unavailable', reason, message: messageOf(error) } }));
  }

  #opened(): OpenFile {
    // A ledger that was moved or deleted under us would take intents that no later process can find.
    if (statSync(this.#file).ino !== this.#inode) throw new Error('the file of the ledger was replaced');
    if (this.#open !== undefined) return this.#open;
    const database = openLedgerDatabase(this.#file, { create: false });
    if (database.ledgerId !== this.#ledgerId) {
      database.db.close();
      throw new Error('the file of the ledger was replaced');
    }
    this.#unflushed = true;
    this.#synchronous = 'FULL';
    this.#open = openFile(database, this.#pulse);
    return this.#open;
  }

  #requireRoom(): void {
    const { bavail, bsize } = statfsSync(dirname(this.#file));
    if (bavail * bsize < ROOM_BYTES) throw Object.assign(new Error('the disk of the ledger has no room'), { code: 'ENOSPC' });
    this.#full = false;
  }

  #setSynchronous(mode: 'FULL' | 'NORMAL'): void {
    if (mode === this.#synchronous) return;
    this.#open?.database.db.pragma(`synchronous = ${mode}`);
    this.#synchronous = mode;
  }

  #abandon(): void {
    try {
      this.#open?.database.db.close();
    } finally {
      this.#open = undefined;
    }
  }
}
