import { randomUUID } from 'node:crypto';
import { v5 } from 'uuid';

/** Namespace of every id that we derive from a command. */
const NAMESPACE = 'a4f0d8a2-6c0c-4c3e-9f43-0d6a9d1c7b52';

/** A UUIDv5 (RFC 9562, section 5.5) over the parts; the same parts give the same id. */
export const derivedId = (...parts: readonly (string | number | null)[]): string => v5(JSON.stringify(parts), NAMESPACE);

/** Id of the index-th event of a command in one attempt; the attempt is random and kept over resends of that append alone (rule 3). */
export const eventIdOf = (commandId: string, index: number, attempt: string): string => v5(`${index}/${attempt}`, commandId);

export const randomId = (): string => randomUUID();
