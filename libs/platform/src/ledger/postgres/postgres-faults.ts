import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError, type LedgerRefusal } from '#signing/contract.js';
import { isSqlState } from '../../postgres/sql-state.js';

type Reason = LedgerUnavailableError['reason'];

/** By SQLSTATE: 53100 disk full, 57014 canceled, which is by its time limit. */
const REASONS: Readonly<Record<string, Reason>> = { '53100': 'DISK_FULL', '57014': 'TIMEOUT' };

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '');

/** Whether the database itself answered: the session goes on. Otherwise nobody knows what it is about, or it is told to end (class 57P). */
export const isAnswer = (error: unknown): boolean => isSqlState(codeOf(error)) && !codeOf(error).startsWith('57P') && !codeOf(error).startsWith('08');

/** Says what the database says without what its URL keeps secret. */
export type Spoken = (error: unknown) => LedgerUnavailableError;

/** @param url of the database; its password appears in no text */
export function spokenFor(url: string): Spoken {
  const secrets = secretsOf(url);
  return (error) => {
    if (error instanceof LedgerUnavailableError) return error;
    const said = error instanceof Error ? error.message || codeOf(error) : String(error);
    const text = secrets.reduce((all, secret) => all.replaceAll(secret, '***'), said);
    return new LedgerUnavailableError(REASONS[codeOf(error)] ?? 'FAILED', `the database of the ledger: ${text}`);
  };
}

function secretsOf(url: string): readonly string[] {
  const { password, searchParams } = URL.canParse(url) ? new URL(url) : { password: '', searchParams: new URLSearchParams() };
  const found = [password, searchParams.get('password') ?? ''].filter((secret) => secret !== '');
  return [url, ...found, ...found.map((secret) => decoded(secret))];
}

/** A text with a lone % is what it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** How the functions of the schema refuse. */
export interface Refused {
  readonly refused: LedgerRefusal | 'NAME_TAKEN' | 'INTENT_EXISTS';
  readonly message: string;
}
export const isRefused = (answer: unknown): answer is Refused => typeof answer === 'object' && answer !== null && 'refused' in answer;

export function refusalOf({ refused, message }: Refused): Error {
  if (refused === 'NAME_TAKEN') return new LedgerNameTakenError(message);
  if (refused === 'INTENT_EXISTS') return new LedgerIntentExistsError(message);
  return new LedgerRefusedError(refused, message);
}
