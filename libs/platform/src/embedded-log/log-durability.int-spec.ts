import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { workerEntry } from '../worker-entry.js';
import { openEmbeddedLog } from './embedded-log.js';
import { temporaryFolder } from './testing/temporary-log.js';

const program = workerEntry('libs/platform/src/embedded-log/testing/appending-process');

describe('the embedded log and the end of its process', () => {
  it('has after kill -9 all that was acknowledged, in whole appends', async () => {
    for (const answers of [1, 10, 200, 900]) {
      const dir = temporaryFolder();
      const child = spawn(process.execPath, [program, dir, '32', '100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const acknowledged = new Map<string, number>();
      let lines = 0;
      const exited = once(child, 'exit');
      for await (const line of createInterface({ input: child.stdout })) {
        const [stream, revision] = line.split(' ');
        if (stream === undefined || revision === undefined) continue;
        acknowledged.set(stream, Number(revision));
        lines += 1;
        if (lines === answers) child.kill('SIGKILL');
      }
      expect((await exited)[1]).toBe('SIGKILL');
      expect(acknowledged.size).toBeGreaterThan(0);
      const log = await openEmbeddedLog({ dir });
      const streams = new Map<string, RecordedEvent[]>();
      for (const event of await log.store.readAll({ limit: 1_000_000 })) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
      for (const [stream, revision] of acknowledged) expect(streams.get(stream)?.at(-1)?.revision).toBeGreaterThanOrEqual(revision);
      for (const events of streams.values()) {
        expect(events.map((event) => event.revision)).toEqual(events.map((_, index) => index));
        // Two events of one number per append: half an append is nowhere.
        expect(events.map((event) => (event.data as { readonly n: number }).n)).toEqual(events.map((_, index) => Math.floor(index / 2)));
        expect(events.length % 2).toBe(0);
      }
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('rule 11: has flushed an append before it is answered: fdatasync and answers, in the order of the kernel', () => {
    const dir = temporaryFolder();
    const trace = join(dir, 'trace');
    const appends = 25;
    execFileSync('strace', ['-f', '-qq', '-y', '-e', 'trace=fsync,fdatasync,write', '-e', 'signal=none', '-o', trace, process.execPath, program, join(dir, 'log'), '1', String(appends)]);
    let flushed = false;
    let answers = 0;
    let flushes = 0;
    let ready = false;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/write\(1<.*"ready/.test(line)) ready = true;
      else if (!ready) continue;
      // The end of a call counts, not its beginning: strace splits calls that overlap with those of another thread.
      else if (/(fsync|fdatasync)(\(.*events\.db-wal>?\)?| resumed>\)).*= 0$/.test(line)) {
        flushed = true;
        flushes += 1;
      } else if (/write\(1<.*"killed-/.test(line)) {
        expect(flushed).toBe(true);
        flushed = false;
        answers += 1;
      }
    }
    expect(answers).toBe(appends);
    expect(flushes).toBeGreaterThanOrEqual(appends);
    rmSync(dir, { recursive: true, force: true });
  });
});
