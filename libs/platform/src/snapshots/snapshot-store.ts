import type { Snapshot, SnapshotStore } from '#eventing/snapshot-store.port.js';
import { removeSnapshotFile, SnapshotFile } from './snapshot-file.js';

export interface SnapshotStoreOptions {
  /** This process's own file: another process must not use it (rule 21). Made, with its folder, where there is none. */
  readonly file: string;
  /** The streams saved last are kept, default 10,000. */
  readonly maxStreams?: number;
  /** A longer state is not kept; characters, default 1 Mi. */
  readonly maxStateLength?: number;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
}

const DEFAULT_MAX_STREAMS = 10_000;
const DEFAULT_MAX_STATE_LENGTH = 1024 * 1024;
/** So long after the file could not be opened it is left alone. */
const RETRY_MS = 10_000;

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '');
const isFull = (error: unknown): boolean => ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'].includes(codeOf(error));
/** Another process has the file open: it is sound, and not ours to delete. */
const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error).startsWith('SQLITE_LOCKED');

/**
 * Snapshots in an SQLite file, synchronous and never flushed: a cache that may be deleted at any time.
 * Never throws: a file that cannot be read is deleted and made anew, one that cannot be made or is full keeps nothing for the time being.
 */
export function openSnapshotStore(options: SnapshotStoreOptions): SnapshotStore & { close(): void } {
  const { file, maxStreams = DEFAULT_MAX_STREAMS, maxStateLength = DEFAULT_MAX_STATE_LENGTH, now = () => performance.now() } = options;
  let open: SnapshotFile | undefined;
  let retryAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const closeFile = (): void => {
    try {
      open?.close();
    } catch {
      // What is closed is deleted or given up anyway.
    }
    open = undefined;
  };
  const openAnew = (failed: unknown): void => {
    closeFile();
    if (isBusy(failed) || isFull(failed)) return;
    try {
      removeSnapshotFile(file);
      open = new SnapshotFile(file, maxStreams);
    } catch {
      closeFile();
    }
  };
  const opened = (): SnapshotFile | undefined => {
    if (open !== undefined || closed || now() < retryAt) return open;
    retryAt = now() + RETRY_MS;
    try {
      open = new SnapshotFile(file, maxStreams);
    } catch (error) {
      openAnew(error);
    }
    return open;
  };
  /** Runs one access; after a failure that is not the disk's fullness the file is made anew. */
  const attempt = <T>(access: (snapshots: SnapshotFile) => T): T | undefined => {
    const snapshots = opened();
    if (snapshots === undefined) return undefined;
    try {
      return access(snapshots);
    } catch (error) {
      if (!isFull(error)) openAnew(error);
      return undefined;
    }
  };

  opened();
  return {
    load: (stream) => attempt((snapshots) => snapshots.load(stream)),
    save: (snapshot: Snapshot) => {
      attempt((snapshots) => {
        if (snapshot.state.length <= maxStateLength) snapshots.save(snapshot);
        else snapshots.drop(snapshot.stream);
      });
    },
    close: () => {
      closed = true;
      closeFile();
    },
  };
}
