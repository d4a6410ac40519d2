import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rebuildProjections } from '#apps/worker/src/rebuild.js';
import { loadConfig } from '#platform/config/load-config.js';
import { DataFolderLockedError, lockDataFolder } from '#platform/data-folder/data-folder.js';
import { openEventStore } from '#platform/event-store/open-event-store.js';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

/** @returns whether every event is in the rows. @throws what keeps it from beginning, or ends it */
async function rebuild(): Promise<boolean> {
  const config = loadConfig(process.env, { role: 'tool' });
  const { dataDir, eventStore, readModel } = config;
  // A mistyped folder is not made into an empty store.
  if (eventStore.kind === 'embedded' && !existsSync(join(dataDir, 'events', 'events.db'))) throw new Error(`${dataDir} holds no event store`);
  // What lies in the folder is held by its service; what processes share is rebuilt beside them.
  const lock = eventStore.kind === 'embedded' || readModel.kind === 'embedded' ? lockDataFolder(dataDir) : undefined;
  try {
    const { store, close } = await openEventStore(config);
    try {
      const { events, ms, parked } = await rebuildProjections({ store, config, signal: stopping.signal });
      process.stdout.write(`${events} events in ${(ms / 1000).toFixed(1)} s, ${Math.round((events * 1000) / Math.max(ms, 1))} a second, ${parked} parked\n`);
      if (stopping.signal.aborted) throw new Error(readModel.kind === 'embedded' ? 'stopped; the next start of the service makes the rest' : 'stopped; the rows are as they were');
      return parked === 0;
    } finally {
      await close();
    }
  } finally {
    lock?.release();
  }
}

try {
  if (!(await rebuild())) process.exitCode = 1;
} catch (error) {
  const line = error instanceof DataFolderLockedError ? `${error.message}; stop the service first` : error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  process.stderr.write(`countersign: ${line}\n`);
  process.exitCode = 1;
}
