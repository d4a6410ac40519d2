import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Ledger, LedgerIntent } from '#signing/contract.js';
import { packageRoot } from '../worker-entry.js';
import { openFileLedger } from './file-ledger.js';

const compiled = pathToFileURL(join(packageRoot, 'dist/libs/platform/src/ledger/file-ledger.js')).href;
const signer = { name: 'signer-1', incarnation: 'i' };
const intentOf = (signOrderId: string): LedgerIntent => ({ signOrderId, operationId: 'op', keyId: 'key', count: 1, relied: [] });

let folder: string;
let dir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  dir = join(folder, 'ledger');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** A process that owns the ledger: `body` sees `ledger`, `intend(id)` and `say(text)`, which writes one line at once. */
const ownerProcess = (body: string, under: readonly string[] = []): ChildProcess => {
  const script = `
    import { writeSync } from 'node:fs';
    import { openFileLedger } from '${compiled}';
    const say = (text) => writeSync(1, text + '\\n');
    const signer = ${JSON.stringify(signer)};
    const ledger = await openFileLedger({ dir: ${JSON.stringify(dir)} });
    await ledger.claimName(signer);
    const intend = (id) => ledger.intend(signer, { signOrderId: id, operationId: 'op', keyId: 'key', count: 1, relied: [] }, { atMost: 100_000 });
    ${body}`;
  const [command = process.execPath, ...args] = [...under, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(command, args, { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
  children.push(child);
  return child;
};
const linesOf = (child: ChildProcess): AsyncIterableIterator<string> => {
  if (child.stdout === null) throw new Error('the child has no output');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
};

describe('file ledger under faults', () => {
  it('rule 16: what was acknowledged is there after kill -9 in the middle of writing', async () => {
    const child = ownerProcess(`
      let n = 0;
      const lane = async () => { for (;;) { const id = 'order-' + n++; await intend(id); say(id); await ledger.signatures(id, ['signature of ' + id], { flush: false }); say('signed ' + id); } };
      for (let i = 0; i < 16; i++) void lane();
      setInterval(() => undefined, 1000);`);
    const exited = once(child, 'exit');
    const said: string[] = [];
    for await (const line of linesOf(child)) {
      said.push(line);
      if (said.length === 2_000) child.kill('SIGKILL');
    }
    await exited;
    const ledger = await openFileLedger({ dir });
    try {
      const intended = said.filter((line) => line.startsWith('order-'));
      const signed = said.filter((line) => line.startsWith('signed ')).map((line) => line.slice('signed '.length));
      expect(signed.length).toBeGreaterThan(100);
      for (const id of intended) expect(await ledger.entry(id)).toMatchObject({ signOrderId: id, count: 1, signer: 'signer-1' });
      for (const id of signed) expect((await ledger.entry(id))?.signatures).toEqual([`signature of ${id}`]);
      expect(await ledger.spent('op', 'key')).toBeGreaterThanOrEqual(intended.length);
      expect(await ledger.spent('op', 'key')).toBeLessThanOrEqual(intended.length + 16);
    } finally {
      await ledger.close();
    }
  });

  it('rule 11: a second process is refused while the first lives, even stopped, and not after it was killed', async () => {
    const child = ownerProcess(`say('open'); setInterval(() => undefined, 1000);`);
    await linesOf(child).next();
    child.kill('SIGSTOP');
    await expect(openFileLedger({ dir })).rejects.toMatchObject({ name: 'LedgerUnavailableError', reason: 'LOCKED' });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await (await openFileLedger({ dir })).close();
  });

  it('rule 16: flushes between the asking and the answer of intend, and once for all that wait', async () => {
    const trace = join(folder, 'trace');
    const child = ownerProcess(
      `
      for (let i = 0; i < 5; i++) { say('ask one'); await intend('single-' + i); say('told one'); }
      say('ask many'); await Promise.all(Array.from({ length: 64 }, (_, i) => intend('many-' + i))); say('told many');
      say('ask note'); await ledger.noteOnce('first-sight', 'op', 'now'); say('told note');
      say('ask unflushed'); await ledger.signatures('single-0', ['s'], { flush: false }); say('told unflushed');
      say('ask same'); await ledger.signatures('single-0', ['s'], { flush: true }); say('told same');
      say('ask read'); await ledger.spent('op', 'key'); await ledger.heartbeat(signer); await ledger.note('first-sight', 'op'); say('told read');
      await ledger.close();`,
      ['strace', '-f', '-e', 'trace=fsync,fdatasync,write', '-o', trace],
    );
    child.stdout?.resume();
    await once(child, 'exit');
    const spans = [...(await readFile(trace, 'utf8')).matchAll(/write\(1, "ask (\w+)\\n"(.*?)write\(1, "told \1\\n"/gs)];
    const flushes = spans.map(([, name = '', between = '']) => [name, [...between.matchAll(/f(?:data)?sync\(/g)].length]);
    expect(flushes.filter(([name]) => name === 'one')).toEqual(Array.from({ length: 5 }, () => ['one', 1]));
    const others = Object.fromEntries(flushes) as Record<string, number>;
    expect(others['many']).toBeGreaterThanOrEqual(1);
    expect(others['many']).toBeLessThanOrEqual(3);
    expect(others).toMatchObject({ note: 1, unflushed: 0, same: 1, read: 0 });
  });

  // Needs root, as the other suites of full disks do.
  it('rule 11: rejects while the disk is full, keeps nothing of it, and goes on by itself when there is space', async () => {
    await mkdir(dir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir]);
    let ledger: Ledger | undefined;
    try {
      ledger = await openFileLedger({ dir });
      await ledger.claimName(signer);
      await ledger.intend(signer, intentOf('before'), { atMost: 100_000 });
      await expect(writeFile(join(dir, 'filler'), Buffer.alloc(4 * 1024 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' });
      let written = 1;
      let refused: unknown;
      for (let i = 0; i < 200 && refused === undefined; i++) {
        await ledger.intend(signer, intentOf(`full-${i}`), { atMost: 100_000 }).then(() => written++, (error: unknown) => (refused = error));
      }
      expect(refused).toMatchObject({ name: 'LedgerUnavailableError', reason: 'DISK_FULL' });
      await expect(ledger.intend(signer, intentOf('still full'), { atMost: 100_000 })).rejects.toMatchObject({ reason: 'DISK_FULL' });
      await expect(ledger.noteOnce('first-sight', 'op', 'still full')).rejects.toMatchObject({ reason: 'DISK_FULL' });
      // Who has nothing to write but its sign of life is told as well.
      await expect(ledger.heartbeat(signer)).rejects.toMatchObject({ reason: 'DISK_FULL' });
      expect(await ledger.spent('op', 'key')).toBe(written);
      await rm(join(dir, 'filler'));
      await ledger.heartbeat(signer);
      await ledger.intend(signer, intentOf('after'), { atMost: 100_000 });
      expect(await ledger.note('first-sight', 'op')).toBeUndefined();
      expect(await ledger.noteOnce('first-sight', 'op', 'after')).toBe('after');
      await ledger.close();
      ledger = await openFileLedger({ dir });
      expect(await ledger.spent('op', 'key')).toBe(written + 1);
      expect(await ledger.entry('still full')).toBeUndefined();
      expect(await ledger.entry('before')).toBeDefined();
    } finally {
      await ledger?.close();
      execFileSync('umount', [dir]);
    }
  });
});
