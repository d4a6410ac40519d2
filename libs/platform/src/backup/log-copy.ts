import type Database from 'better-sqlite3';
import { LOG_APPLICATION_ID, LOG_SCHEMA_VERSION } from '../embedded-log/log-database.js';
import { Sqlite } from '../sqlite/sqlite.js';
import { BackupRefusedError } from './backup-refused-error.js';

/** An event that can be found again. `position` is decimal. */
export interface HeadEvent {
  readonly position: string;
  readonly eventId: string;
}
/** What a copy of an event log holds. `head` is null where it holds no event. */
export interface LogFacts {
  readonly storeId: string;
  readonly events: number;
  readonly head: HeadEvent | null;
}

/** Ends what a running log left open in its copy: afterwards the file alone is the log. */
export function settleCopy(file: string): void {
  const database = new Sqlite(file, { fileMustExist: true });
  try {
    database.pragma('journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/**
 * Looks through a settled copy: that it is an event log, undamaged, with every stream whole from its first event on.
 * @throws BackupRefusedError DAMAGED
 */
export function inspectCopy(file: string): LogFacts {
  const database = opened(file);
  try {
    if (database.pragma('application_id', { simple: true }) !== LOG_APPLICATION_ID) throw damaged(file, 'it is no event log');
    const version = database.pragma('user_version', { simple: true });
    if (version !== LOG_SCHEMA_VERSION) throw damaged(file, `it has version ${String(version)}, this program knows ${LOG_SCHEMA_VERSION}`);
    const checked: unknown = database.pragma('integrity_check(1)', { simple: true });
    if (checked !== 'ok') throw damaged(file, String(checked).split('\n', 1)[0] ?? '');
    const torn = database.prepare<[], string>('SELECT stream FROM event GROUP BY stream HAVING count(*) <> max(revision) + 1 LIMIT 1').pluck().get();
    if (torn !== undefined) throw damaged(file, `the stream ${torn} has a gap`);
    const storeId = database.prepare<[], string>('SELECT id FROM store').pluck().get();
    if (storeId === undefined) throw damaged(file, 'it has no store id');
    const events = database.prepare<[], number>('SELECT count(*) FROM event').pluck().get() ?? 0;
    const head = database.prepare<[], { position: number; id: string }>('SELECT position, id FROM event ORDER BY position DESC LIMIT 1').get();
    return { storeId, events, head: head === undefined ? null : { position: String(head.position), eventId: head.id } };
  } catch (error) {
    if (error instanceof BackupRefusedError) throw error;
    throw damaged(file, error instanceof Error ? error.message : String(error));
  } finally {
    database.close();
  }
}

const damaged = (file: string, why: string): BackupRefusedError => new BackupRefusedError('DAMAGED', `${file} can't be used: ${why}`);

function opened(file: string): Database.Database {
  try {
    return new Sqlite(file, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw damaged(file, error instanceof Error ? error.message : String(error));
  }
}
