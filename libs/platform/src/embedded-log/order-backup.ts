import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { socketAddress } from './backup-socket.js';
import type { BackupOrder, BackupReport } from './backup-socket.js';

/** Between two signs of life of the log's thread. */
const SILENT_MS = 60_000;

/** The log did not make the copy. Its message is one line. */
export class BackupFailedError extends Error {
  override readonly name = 'BackupFailedError';
}

/**
 * Has the process that holds the log in `dir` copy it to the new file `to`, which that process has to be able to write.
 * @throws (rejects) BackupFailedError; nothing is left of the copy then, unless that process died
 */
export async function orderBackup(dir: string, to: string, { signal, advanced }: { readonly signal: AbortSignal; readonly advanced: (pages: number, of: number) => void }): Promise<void> {
  const { path, release } = socketAddress(dir);
  const socket = createConnection(path);
  const stop = (): void => void socket.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  socket.setTimeout(SILENT_MS, () => socket.destroy(new Error(`nothing was heard for ${SILENT_MS / 1_000} s`)));
  try {
    socket.write(`${JSON.stringify({ to } satisfies BackupOrder)}\n`);
    for await (const line of createInterface({ input: socket })) {
      const report = JSON.parse(line) as BackupReport;
      if ('done' in report) return;
      if ('failed' in report) throw new BackupFailedError(`the running service did not make the copy: ${report.failed}`);
      advanced(report.pages, report.of);
    }
    throw new BackupFailedError(`the running service does not answer${failure === undefined ? '' : `: ${failure.message}`}`);
  } catch (error) {
    if (error instanceof BackupFailedError) throw error;
    throw new BackupFailedError(`the running service does not answer: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
    release();
  }
}
