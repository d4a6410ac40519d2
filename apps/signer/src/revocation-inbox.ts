import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import type { Log } from '#platform/logging/log.js';

const LOOK_MS = 1_000;
const MAX_FILES = 100;
const MAX_BYTES = 64 * 1024;

/** Where a signer of this data folder looks for signed revocations: one compact JWS a file, named `….jws`. */
export const inboxFolder = (dataDir: string): string => join(dataDir, 'revocations');

/**
 * Looks into the inbox until the signal aborts. What was taken is renamed to `….jws.taken`, what can't be to `….jws.refused`; a file that nobody could look at now stays. Never rejects.
 * @param take why it is not taken; undefined: it is. A rejection: it is to be tried again
 */
export async function watchInbox(folder: string, take: (jws: string) => Promise<string | undefined>, log: Pick<Log, 'warn'>, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => log.warn({ error }, 'the inbox for revocations could not be made'));
  while (!signal.aborted) {
    for (const name of await filesIn(folder)) await look(join(folder, name), take, log);
    await pause(LOOK_MS, signal);
  }
}

const filesIn = async (folder: string): Promise<readonly string[]> => (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jws')).slice(0, MAX_FILES);

async function look(file: string, take: (jws: string) => Promise<string | undefined>, log: Pick<Log, 'warn'>): Promise<void> {
  try {
    const { size } = await stat(file);
    const refusal = size > MAX_BYTES ? 'it is too long' : await take((await readFile(file, 'utf8')).trim());
    await rename(file, `${file}.${refusal === undefined ? 'taken' : 'refused'}`);
    log.warn({}, refusal === undefined ? `a revocation was taken from the inbox: ${file}` : `what is in the inbox is no revocation that could be taken: ${file}: ${refusal}`);
  } catch (error) {
    log.warn({ error }, `a revocation in the inbox could not be looked at; it is tried again: ${file}`);
  }
}
