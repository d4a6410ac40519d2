import { randomUUID } from 'node:crypto';
import { v5 } from 'uuid';

/** Made once for Countersign; another one would make every `Idempotency-Key` new. */
const NAMESPACE = '71cf2cef-e540-4ca1-9e8e-961719e51a0c';

/** The id of a command (rule 3): the same for the same caller, method, path and key, random without a key. */
export const commandIdOf = (asked: { readonly issuer: string; readonly subject: string; readonly method: string; readonly path: string; readonly key: string | null }): string =>
  asked.key === null ? randomUUID() : v5(JSON.stringify([asked.issuer, asked.subject, asked.method, asked.path, asked.key]), NAMESPACE);
