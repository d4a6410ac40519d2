import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import { PRESENCE_EVERY_MS } from '#eventing/presence.port.js';
import type { PresenceBoard } from '#eventing/presence.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { DataFolderLockedError, lockDataFolder } from '../data-folder/data-folder.js';
import { openEmbeddedLog } from '../embedded-log/embedded-log.js';
import { openEventStoreDB } from '../eventstoredb/eventstoredb.js';
import { EMBEDDED_WINDOW, SINGLE_APPENDS } from './append-windows.js';
import type { AppendWindow } from './append-windows.js';
import { CopyRefusedError } from './copy-refused-error.js';

/** `dir` is a data folder, `url` a connection string: a secret, never shown. */
export type StoreAddress = { readonly kind: 'embedded'; readonly dir: string } | { readonly kind: 'esdb'; readonly url: string };

/** An event store that nobody else works on, as far as that can be known. */
export interface SilentStore {
  readonly store: EventStore;
  readonly window: AppendWindow;
  close(): Promise<void>;
}

/** Two reports of a process that lives, and a little. */
const LISTEN_MS = 2 * PRESENCE_EVERY_MS + 1_000;

/**
 * Opens a store alone: an embedded one by the lock of its data folder, which a running service holds; for one that processes share, their signs of life are listened for.
 * @param create makes an embedded store where there is none
 * @throws CopyRefusedError IN_USE, UNAVAILABLE; StoreUnavailableError
 */
export async function openForCopy(address: StoreAddress, { create, signal, listenMs = LISTEN_MS }: { readonly create: boolean; readonly signal: AbortSignal; readonly listenMs?: number }): Promise<SilentStore> {
  if (address.kind === 'embedded') return openEmbedded(address.dir, create);
  const { store, presence, close } = openEventStoreDB({ url: address.url });
  try {
    await store.storeId();
    await refuseLiving(presence, listenMs, signal);
  } catch (error) {
    await close();
    throw error;
  }
  return { store, window: SINGLE_APPENDS, close };
}

async function openEmbedded(dataDir: string, create: boolean): Promise<SilentStore> {
  const dir = join(dataDir, 'events');
  // A mistyped folder is not made into an empty store.
  if (!create && !existsSync(join(dir, 'events.db'))) throw new CopyRefusedError('UNAVAILABLE', `${dataDir} holds no event store`);
  const lock = locked(dataDir);
  try {
    const log = await openEmbeddedLog({ dir });
    const close = async (): Promise<void> => {
      await log.close();
      lock.release();
    };
    return { store: log.store, window: EMBEDDED_WINDOW, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const locked = (dataDir: string): ReturnType<typeof lockDataFolder> => {
  try {
    return lockDataFolder(dataDir);
  } catch (error) {
    if (error instanceof DataFolderLockedError) throw new CopyRefusedError('IN_USE', `${error.message}; stop the service first`);
    throw error;
  }
};

/** Reports that were made before somebody listened may be of the dead: who lives reports again. */
async function refuseLiving(presence: PresenceBoard, ms: number, signal: AbortSignal): Promise<void> {
  const heard = new Map<string, string>();
  const living = new Set<string>();
  const listening = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  await Promise.all([
    presence.follow(({ kind, name, incarnation, at }) => {
      const before = heard.get(incarnation);
      if (before !== undefined && before !== at) living.add(`${kind} ${name}`);
      heard.set(incarnation, at);
    }, listening),
    pause(ms, signal),
  ]);
  if (living.size > 0) throw new CopyRefusedError('IN_USE', `still running: ${[...living].sort().join(', ')}; stop every process that uses the store first`);
}
