import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { serveBackups } from './backup-server.js';
import { EventLog } from './event-log.js';
import { openLogDatabase } from './log-database.js';
import { LogServer } from './log-server.js';
import type { ControlMessage, StartupMessage } from './protocol.js';

/** The one thread that holds the file of the event log. Whatever it throws beyond errors of the disk ends it, and the store with it. */
const owner = parentPort;
if (owner === null) throw new Error('log.worker runs as a thread');
const { dir } = workerData as { readonly dir: string };
const tell = (message: StartupMessage): void => owner.postMessage(message);

const open = (): EventLog | undefined => {
  try {
    return new EventLog((create) => openLogDatabase(join(dir, 'events.db'), create));
  } catch (error) {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
};

const log = open();
if (log === undefined) {
  owner.close();
} else {
  const server = new LogServer(log);
  const backups = serveBackups(dir, log);
  owner.on('message', (message: ControlMessage) => {
    if (message.kind === 'attach') {
      server.attach(message.port);
      return;
    }
    server.close();
    backups.close();
    log.close();
    owner.close();
  });
  tell({ kind: 'ready' });
}
