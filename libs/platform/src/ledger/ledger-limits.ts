import { LedgerRefusedError, type LedgerIntent, type StoreAcceptance } from '#signing/contract.js';

/** Far above an order's digests (1,000) and streams; a row stays readable at once. */
export const MAX_USES_PER_INTENT = 100_000;
export const MAX_RELIED_STREAMS = 1_000;
export const MAX_RECORD_CHARACTERS = 4 * 1024 * 1024;
export const MAX_REMEMBERED_AT_ONCE = 10_000;
/** The newest ones are kept: a PIN that failed is refused until so many others have failed. */
export const MAX_FAILED_PINS = 64;
const MAX_ID_CHARACTERS = 256;
/** Times and hashes are far shorter. */
export const MAX_NOTE_CHARACTERS = 1_024;
/** PostgreSQL can't keep them. */
const UNFIT = /[\0\p{Surrogate}]/u;

const invalid = (message: string): LedgerRefusedError => new LedgerRefusedError('INVALID', message);

/** @throws LedgerRefusedError INVALID, as everything here does */
export function requireIds(...ids: readonly string[]): void {
  if (ids.some((id) => id === '' || id.length > MAX_ID_CHARACTERS || UNFIT.test(id))) throw invalid(`a name or id has 1 to ${MAX_ID_CHARACTERS} characters, none of them NUL or half a character`);
}

export function requireNote(topic: string, key: string, value: string): void {
  requireIds(topic, key);
  if (value === '' || value.length > MAX_NOTE_CHARACTERS || UNFIT.test(value)) throw invalid(`a note has 1 to ${MAX_NOTE_CHARACTERS} characters, none of them NUL or half a character`);
}

export function requireUses(count: number): void {
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_USES_PER_INTENT) throw invalid(`a count of uses is 1 to ${MAX_USES_PER_INTENT}`);
}

export function requireIntent(intent: LedgerIntent, atMost: number): void {
  requireIds(intent.signOrderId, intent.operationId, intent.keyId);
  requireUses(intent.count);
  if (!Number.isSafeInteger(atMost) || atMost < 0) throw invalid('a grant is a whole number from 0 on');
  if (intent.relied.length > MAX_RELIED_STREAMS) throw invalid(`an intent relies on at most ${MAX_RELIED_STREAMS} streams`);
  for (const { stream, revision, hash } of intent.relied) {
    requireIds(stream, hash);
    if (!Number.isSafeInteger(revision) || revision < 0) throw invalid('a revision is a whole number from 0 on');
  }
  if (new Set(intent.relied.map((r) => r.stream)).size < intent.relied.length) throw invalid('an intent relies on one event of each stream');
}

export function requireLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_REMEMBERED_AT_ONCE) throw invalid(`a limit is 1 to ${MAX_REMEMBERED_AT_ONCE}`);
}

/** Two administrators, not one twice (rule 17). */
export function requireAcceptance({ storeId, head, by: [first, second], eventId }: StoreAcceptance): void {
  requireIds(storeId, head, eventId, first.issuer, first.subject, second.issuer, second.subject);
  if (first.issuer === second.issuer && first.subject === second.subject) throw invalid('two administrators are needed');
}

export function requireSignatures(signatures: readonly (string | null)[]): void {
  if (signatures.some((s) => s !== null && UNFIT.test(s))) throw invalid('a signature is text');
}

/** @returns the value as JSON, always written in the same way */
export function boundedJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (json.length > MAX_RECORD_CHARACTERS) throw invalid(`a record has at most ${MAX_RECORD_CHARACTERS} characters`);
  return json;
}

export const reliedJson = (intent: LedgerIntent): string => boundedJson(intent.relied.map(({ stream, revision, hash }) => ({ stream, revision, hash })));
