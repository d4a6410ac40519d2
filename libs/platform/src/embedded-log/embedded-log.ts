import { existsSync } from 'node:fs';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { createFolder } from '../data-folder/data-folder.js';
import { workerEntry } from '../worker-entry.js';
import { connectEmbeddedLog } from './embedded-log-client.js';
import { DEFAULT_TIMEOUT_MS, OPEN_TIMEOUT_MS, YOUNG_MB } from './limits.js';
import type { ControlMessage, StartupMessage } from './protocol.js';

/** The event store of one process, on `events.db` in its data folder. */
export interface EmbeddedLog {
  /** For this thread. */
  readonly store: EventStore;
  /** A port for another thread of this process: transfer it there and hand it to `connectEmbeddedLog`. */
  attach(): MessagePort;
  /** Resolves, with the reason, when the writing thread ends without having been told to: every client's store is down then, for good. */
  readonly failed: Promise<Error>;
  /** Writes what waits, closes all clients' ports and the file. Repeating it changes nothing. */
  close(): Promise<void>;
}

/** What a restore prepares beside the log's folder, and puts in its place at the end: between the two there is no log, and none must be begun. */
export const restoringFolder = (dir: string): string => `${dir}.restoring`;

/**
 * Opens the log in a thread of its own, or makes a new one. The folder is created where there is none.
 * @throws StoreUnavailableError when the file can't be opened, is no log, or is held by somebody else (rule 11)
 */
export const openEmbeddedLog = async ({ dir }: { readonly dir: string }): Promise<EmbeddedLog> => {
  if (!existsSync(dir) && existsSync(restoringFolder(dir))) throw new StoreUnavailableError('a restore was cut off before its end: run it again');
  createFolder(dir);
  const worker = new Worker(workerEntry('libs/platform/src/embedded-log/log.worker'), { workerData: { dir }, name: 'event-log', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  let closing = false;
  let lastError: Error | undefined;
  worker.on('error', (error) => (lastError = error instanceof Error ? error : new Error(String(error))));
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const failed = new Promise<Error>((resolve) => {
    void exited.then(() => {
      if (!closing) resolve(lastError ?? new Error('the thread of the event log ended'));
    });
  });
  await started(worker, failed);

  const control = (message: ControlMessage, transfer: MessagePort[] = []): void => worker.postMessage(message, transfer);
  const attach = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    control({ kind: 'attach', port: port1 }, [port1]);
    return port2;
  };
  const store = connectEmbeddedLog(attach());
  const close = async (): Promise<void> => {
    if (!closing) {
      closing = true;
      control({ kind: 'close' });
    }
    // A thread that hangs in the disk is not waited for for ever: nothing acknowledged is lost with it.
    const timer = setTimeout(() => void worker.terminate(), DEFAULT_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    store.close();
  };
  return { store, attach, failed, close };
};

const started = async (worker: Worker, failed: Promise<Error>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<StartupMessage>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'failed', reason: `not open after ${OPEN_TIMEOUT_MS} ms` }), OPEN_TIMEOUT_MS);
  });
  const told = new Promise<StartupMessage>((resolve) => worker.once('message', resolve));
  const ended = failed.then((error): StartupMessage => ({ kind: 'failed', reason: error.message }));
  const message = await Promise.race([told, ended, late]);
  clearTimeout(timer);
  if (message.kind === 'ready') return;
  await worker.terminate();
  throw new StoreUnavailableError(`the event log can't be opened: ${message.reason}`);
};
