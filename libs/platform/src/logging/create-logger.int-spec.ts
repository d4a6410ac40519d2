import { spawn } from 'node:child_process';
import { workerEntry } from '../worker-entry.js';

describe('createLogger in a process', () => {
  it('loses no line of any thread at exit and mixes none, through a pipe', async () => {
    const child = spawn(process.execPath, [workerEntry('libs/platform/src/logging/testing/logging-process'), '2000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const lines = output.trimEnd().split('\n').map((line) => JSON.parse(line) as { name: string; count: number; msg: string; threadId?: number });
    expect(code).toBe(3);
    const counts = (name: string): readonly number[] => lines.filter((line) => line.name === name).map((line) => line.count);
    expect(counts('thread')).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(counts('main')).toEqual(Array.from({ length: 2001 }, (_, n) => n));
    expect(lines.find((line) => line.name === 'thread')?.threadId).toBeGreaterThan(0);
  });
});
