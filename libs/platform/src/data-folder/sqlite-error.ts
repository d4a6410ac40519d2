/**
 * The code of an error of better-sqlite3, such as `SQLITE_FULL` or `SQLITE_IOERR_FSYNC`; undefined for any other error.
 * By its code, not by its class: the native module throws the class with which it was first loaded in the process, and a process may load it again.
 */
export const sqliteCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
