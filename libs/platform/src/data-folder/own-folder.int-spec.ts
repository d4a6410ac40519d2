import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { claimOwnFolder } from './own-folder.js';

it('gives each process of a kind a folder of its own, and one that was left to the next', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-own-'));
  const [one, two] = [claimOwnFolder(dir, 'api'), claimOwnFolder(dir, 'api')];
  const worker = claimOwnFolder(dir, 'worker');
  expect([one, two, worker].map((lock) => basename(lock.dir))).toEqual(['api-1', 'api-2', 'worker-1']);
  one.release();
  const again = claimOwnFolder(dir, 'api');
  expect(basename(again.dir)).toBe('api-1');
  for (const lock of [again, two, worker]) lock.release();
  rmSync(dir, { recursive: true });
});
