import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { createInterface } from 'node:readline';
import { socketAddress, socketFile } from './backup-socket.js';
import type { BackupOrder, BackupReport } from './backup-socket.js';
import type { EventLog } from './event-log.js';

const IDLE_MS = 10_000;
const MAX_CONNECTIONS = 4;
const REPORT_EVERY_MS = 200;

/** Copies the log for whoever asks at its socket, one at a time. A log whose socket can't be made is none the worse for it: it can be backed up when it is stopped. */
export function serveBackups(dir: string, log: Pick<EventLog, 'copyTo'>): { close(): void } {
  const sockets = new Set<Socket>();
  let busy = false;

  const copy = async (socket: Socket, line: string): Promise<void> => {
    const tell = (report: BackupReport): void => void socket.write(`${JSON.stringify(report)}\n`);
    const to = targetOf(line);
    if (to === undefined) return tell({ failed: 'not the path of a new file' });
    if (busy) return tell({ failed: 'another backup is under way' });
    busy = true;
    let told = -Infinity;
    try {
      await log.copyTo(to, (pages, of) => {
        if (socket.destroyed) throw new Error('nobody waits for it any more');
        if (performance.now() - told < REPORT_EVERY_MS) return;
        told = performance.now();
        tell({ pages, of });
      });
      tell({ done: true });
    } catch (error) {
      tell({ failed: error instanceof Error ? error.message : String(error) });
    } finally {
      busy = false;
    }
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    // Whoever goes away in the middle ends its own backup and nothing else.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => {
      socket.setTimeout(0);
      void copy(socket, line).finally(() => socket.end());
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('error', () => undefined);
  // The log's file is ours alone, so a socket that is there was left by a process that died.
  rmSync(socketFile(dir), { force: true });
  const { path, release } = socketAddress(dir);
  server.once('close', release);
  server.listen(path, () => {
    try {
      chmodSync(path, 0o600);
    } catch {
      server.close();
    }
  });
  server.unref();
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function targetOf(line: string): string | undefined {
  try {
    const { to } = JSON.parse(line) as Partial<BackupOrder>;
    return typeof to === 'string' && isAbsolute(to) && !existsSync(to) ? to : undefined;
  } catch {
    return undefined;
  }
}
