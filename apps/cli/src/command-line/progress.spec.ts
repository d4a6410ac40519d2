import { PassThrough } from 'node:stream';
import { Progress } from './progress.js';

const text = (stream: PassThrough): string => ((stream.read() as Buffer | null) ?? '').toString();

describe('progress', () => {
  it('without a terminal it is a line every few seconds, from the first few on', () => {
    const err = new PassThrough();
    let now = 0;
    const progress = new Progress(err, () => now);
    for (; now <= 11_000; now += 100) progress.update('copying', now / 20_000, now, 'events');
    progress.update('verifying', 0, 0, 'events');
    progress.end();
    expect(text(err)).toBe('copying: 25%, 5000 events, 1000/s\ncopying: 50%, 10000 events, 1000/s\n');
  });

  it('on a terminal it is a bar', () => {
    const err = Object.assign(new PassThrough(), { isTTY: true, columns: 100, cursorTo: () => true, clearLine: () => true, moveCursor: () => true });
    const progress = new Progress(err);
    progress.update('copying', 0, 0, 'events');
    progress.update('copying', 1, 42, 'events');
    progress.end();
    expect(text(err)).toContain('100% · 42 events');
  });
});
