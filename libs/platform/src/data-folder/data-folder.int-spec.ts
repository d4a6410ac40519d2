import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerEntry } from '../worker-entry.js';
import { DataFolderLockedError, lockDataFolder } from './data-folder.js';

const locking = `
  const { lockDataFolder } = await import(process.argv[1]);
  try { lockDataFolder(process.argv[2]); } catch (error) { console.log(error.name); process.exit(1); }
  console.log('locked');
  setInterval(() => undefined, 1_000);
`;
const argumentsFor = (dir: string): readonly string[] => ['--input-type=module', '-e', locking, workerEntry('libs/platform/src/data-folder/data-folder'), dir];

describe('the lock of the data folder (rule 11)', () => {
  let parent: string;
  let dir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'countersign-folder-'));
    dir = join(parent, 'some', 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('creates the folder for its owner alone', () => {
    const lock = lockDataFolder(dir);
    expect(lock.dir).toBe(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    lock.release();
  });

  it('is held once in a process, until it is released', () => {
    const lock = lockDataFolder(dir);
    expect(() => lockDataFolder(dir)).toThrow(DataFolderLockedError);
    expect(() => lockDataFolder(join(dir, '..', 'data'))).toThrow(DataFolderLockedError);
    lock.release();
    lockDataFolder(dir).release();
  });

  it('keeps another process out', () => {
    const lock = lockDataFolder(dir);
    let output = '';
    try {
      execFileSync(process.execPath, [...argumentsFor(dir)]);
    } catch (error) {
      output = String((error as { readonly stdout: Buffer }).stdout);
    }
    expect(output.trim()).toBe('DataFolderLockedError');
    lock.release();
  });

  it('dies with the process that held it, even by kill -9', async () => {
    const child = spawn(process.execPath, [...argumentsFor(dir)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    expect(() => lockDataFolder(dir)).toThrow(DataFolderLockedError);
    child.kill('SIGKILL');
    await exited;
    lockDataFolder(dir).release();
  });
});
