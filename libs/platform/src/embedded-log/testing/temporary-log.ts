import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenedStore } from '#eventing/testing/opened-store.js';
import { openEmbeddedLog } from '../embedded-log.js';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'countersign-log-'));

/** A small file system of its own, so that a full disk is a real one. Needs root. */
export const mountSmallDisk = (size: string): { readonly dir: string; readonly unmount: () => void } => {
  const dir = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir]);
  return {
    dir,
    unmount: () => {
      execFileSync('umount', ['--lazy', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** A log in a folder of its own, for the contract suite. */
export const openTemporaryLog = async (): Promise<OpenedStore> => {
  const dir = temporaryFolder();
  let log = await openEmbeddedLog({ dir });
  return {
    store: log.store,
    reopen: async () => {
      await log.close();
      log = await openEmbeddedLog({ dir });
      return log.store;
    },
    close: async () => {
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
