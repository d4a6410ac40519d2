import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerEntry } from '#platform/worker-entry.js';

const START_MS = 60_000;
const STOP_MS = 12_000;
const PROBE_MS = 2_000;
const ASK_AGAIN_MS = 50;
/** Of the development token. */
const SESSIONS = 8;

export interface FreshInstance {
  readonly url: string;
  /** Its data and its log. */
  readonly folder: string;
  /** Ends it. @param keep leaves its folder for whoever wants to know why */
  stop(keep: boolean): Promise<void>;
}

/**
 * A development instance of its own: a new data folder with a new token, a free port, no setting from outside.
 * @param signal gives the start up
 * @throws Error when it is not ready within a minute; nothing is left of it then
 */
export async function startFreshInstance(signal: AbortSignal = new AbortController().signal): Promise<FreshInstance> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  const port = await freePort();
  const logFile = join(folder, 'instance.log');
  const log = openSync(logFile, 'a', 0o600);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_') && name !== 'NODE_ENV')),
    COUNTERSIGN_PROFILE: 'development',
    COUNTERSIGN_DATA_DIR: join(folder, 'data'),
    COUNTERSIGN_HTTP__PORT: String(port),
    // As the launcher of the service does (rule 6).
    UV_THREADPOOL_SIZE: String(SESSIONS + 4),
  };
  // The channel tells the instance when this process ends, however it ends: it then ends as well. A group of its own, so that Ctrl-C reaches it by `stop` alone.
  const child = spawn(process.execPath, [workerEntry('apps/standalone/src/main')], { env, stdio: ['ignore', log, log, 'ipc'], detached: true });
  closeSync(log);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (keep: boolean): Promise<void> => {
    await end(child);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, url, logFile, signal);
  } catch (error) {
    await stop(false);
    throw error;
  }
  return { url, folder, stop };
}

/** It listens before its sample keys are made, and tells by its channel when they are. */
async function ready(child: ChildProcess, url: string, logFile: string, signal: AbortSignal): Promise<void> {
  let told = false;
  child.once('message', () => (told = true));
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (signal.aborted) throw new Error('stopped');
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the instance did not start: ${lastLine(logFile)}`);
    const answer = told ? await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MS) }).catch(() => undefined) : undefined;
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    await sleep(ASK_AGAIN_MS);
  }
  throw new Error(`the instance was not ready in ${START_MS / 1000} s: ${lastLine(logFile)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(late);
}

const lastLine = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
