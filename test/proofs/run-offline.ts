import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OfflineFiles } from '#identity/adapters/proofs/offline-files.js';

/** Runs the commands in a folder with the files. @returns their exit codes */
export function runOffline({ files, commands }: OfflineFiles): readonly (number | null)[] {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-offline-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    return commands.map(([command = '', ...args]) => {
      const { status, error } = spawnSync(command, args, { cwd: dir, encoding: 'utf8', timeout: 20_000 });
      if (error !== undefined) throw error;
      return status;
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}
