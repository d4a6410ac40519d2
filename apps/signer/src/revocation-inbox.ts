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
 * Looks into the inbox until the signal aborts. What was taken is renamed to `….jws.taken`, what can't be to `….jws.refused`; a file that can't be judged now stays, and is in the way of no
 * other. Never rejects.
 * @param take why it is not taken; undefined: it is. A rejection: it is to be tried again
 */
export async function watchInbox(folder: string, take: (jws: string) => Promise<string | undefined>, log: Pick<Log, 'warn'>, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => log.warn({ error }, 'the inbox for revocations could not be made'));
  // Those that stayed, the one that was looked at longest ago first.
  const waiting = new Set<string>();
  while (!signal.aborted) {
    for (const name of await filesIn(folder, waiting)) {
      const isNew = !waiting.delete(name);
      if (!(await look(join(folder, name), take, log, isNew))) waiting.add(name);
    }
    await pause(LOOK_MS, signal);
  }
}

/** What is new comes first. */
async function filesIn(folder: string, waiting: Set<string>): Promise<readonly string[]> {
  const names = new Set((await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jws')));
  for (const name of waiting) if (!names.has(name)) waiting.delete(name);
  return [...[...names].filter((name) => !waiting.has(name)), ...waiting].slice(0, MAX_FILES);
}

/** @returns whether it is done with */
async function look(file: string, take: (jws: string) => Promise<string | undefined>, log: Pick<Log, 'warn'>, isNew: boolean): Promise<boolean> {
  try {
    const { size } = await stat(file);
    const refusal = size > MAX_BYTES ? 'it is too long' : await take((await readFile(file, 'utf8')).trim());
    await rename(file, `${file}.${refusal === undefined ? 'taken' : 'refused'}`);
    log.warn({}, refusal === undefined ? `a revocation was taken from the inbox: ${file}` : `what is in the inbox is no revocation that could be taken: ${file}: ${refusal}`);
    return true;
  } catch (error) {
    if (isNew) log.warn({ error }, `a revocation in the inbox could not be looked at; it is tried again: ${file}`);
    return false;
  }
}
