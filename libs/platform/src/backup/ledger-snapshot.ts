import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '#signing/contract.js';
import { LedgerUnavailableError } from '#signing/contract.js';
import { openFileLedger } from '../ledger/file-ledger.js';
import { Sqlite } from '../sqlite/sqlite.js';

const FILE = 'ledger.db';
/** The header of a write-ahead log: with its two salts it is another one for each time that the log begins anew (https://sqlite.org/fileformat2.html#walformat). */
const WAL_HEADER_BYTES = 32;
/** A signer at work begins its log anew every few seconds at most. */
const ATTEMPTS = 20;

export interface LedgerSnapshot {
  /** Of a copy: what is written to it is lost. */
  readonly ledger: Ledger;
  /** The signers that held their names when the copy was made; they may have died since their last sign of life. */
  readonly holders: readonly string[];
}

/**
 * A copy of a file ledger, for looking at, also while a signer has it: nobody else can open that file.
 *
 * The database is copied first, its write-ahead log after it. If that log did not begin anew in between, all that was written to the database while it was
 * copied stands in the log as well, and an unfinished end of the log is known by its checksums: the copy is one state of the ledger, as after a crash.
 * @param options.between called between the two, for tests
 * @throws LedgerUnavailableError when there is none, or when it did not hold still
 */
export async function withLedgerSnapshot<T>(dir: string, look: (snapshot: LedgerSnapshot) => Promise<T>, { between = () => undefined }: { readonly between?: () => void } = {}): Promise<T> {
  const file = join(dir, FILE);
  if (!existsSync(file)) throw new LedgerUnavailableError('FAILED', `${dir} holds no ledger`);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-ledger-'));
  try {
    copyAtRest(file, join(folder, FILE), between);
    const holders = holdersIn(join(folder, FILE));
    const ledger = await openFileLedger({ dir: folder });
    try {
      return await look({ ledger, holders });
    } finally {
      await ledger.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyAtRest(from: string, to: string, between: () => void): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = identityOf(from);
    copyFileSync(from, to);
    rmSync(`${to}-wal`, { force: true });
    between();
    if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`);
    if (identityOf(from) === before) return;
  }
  throw new LedgerUnavailableError('FAILED', 'the ledger is written too fast to be looked at; try again');
}

/** Of the two files, and of what the log began with. */
function identityOf(file: string): string {
  const wal = `${file}-wal`;
  if (!existsSync(wal)) return `${statSync(file).ino}`;
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  const handle = openSync(wal, 'r');
  try {
    const read = readSync(handle, header, 0, WAL_HEADER_BYTES, 0);
    return `${statSync(file).ino} ${statSync(wal).ino} ${header.subarray(0, read).toString('hex')}`;
  } finally {
    closeSync(handle);
  }
}

/** Before the copy is opened as a ledger, which ends the claims of those who held the file before. */
function holdersIn(copy: string): readonly string[] {
  const database = new Sqlite(copy, { fileMustExist: true });
  try {
    return database.prepare<[], string>('SELECT name FROM names WHERE held = 1 ORDER BY name').pluck().all();
  } catch (error) {
    throw new LedgerUnavailableError('FAILED', `the file is no ledger: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    database.close();
  }
}
