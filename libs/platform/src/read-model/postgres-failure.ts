import { isSqlState } from '../postgres/sql-state.js';
import { DatabaseError } from './connections.js';

/** Classes of SQLSTATE whose texts tell of connections, rights, names and limits, never of values. */
const TELLING = /^(08|28|3D|3F|42|53|55|57)/;

interface Said {
  readonly code: string | undefined;
  readonly severity: string | undefined;
  readonly message: string;
}
function saidBy(error: unknown): Said {
  const { code, severity, message } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  return { code: text(code), severity: text(severity), message: text(message) ?? 'it does not answer' };
}

/** Whether the server refused a statement and the connection lives on. */
export function saysItself(error: unknown): boolean {
  const { code, severity } = saidBy(error);
  return code !== undefined && isSqlState(code) && severity === 'ERROR';
}

/** What went wrong, without what was sent: `detail` and some messages of PostgreSQL quote values. */
export function postgresFailure(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, severity, message } = saidBy(error);
  if (severity === undefined || code === undefined) return new DatabaseError(code ?? 'unreachable', code === undefined ? message : `${code}`);
  return new DatabaseError(code, TELLING.test(code) ? `${code} ${message}` : code);
}
