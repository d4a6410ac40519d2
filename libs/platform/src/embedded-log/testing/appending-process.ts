import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { systemActor } from '#kernel/actor.js';
import { openEmbeddedLog } from '../embedded-log.js';

/**
 * For tests: a process that appends to `argv[2]` with `argv[3]` writers, `argv[4]` appends of two events each, and writes a line `stream revision`
 * to standard output, by one write call, when it is answered. `ready` comes first. The events of an append carry the same number.
 */
const [, , dir = '', writers = '1', appends = '1'] = process.argv;
const log = await openEmbeddedLog({ dir });
const metadata = { commandId: 'c', actor: systemActor('test'), at: '2026-01-01T00:00:00.000Z' };
writeSync(1, 'ready\n');
const write = async (): Promise<void> => {
  const stream = `killed-${randomUUID()}`;
  let head = -1;
  for (let n = 0; n < Number(appends); n += 1) {
    const events = [0, 1].map(() => ({ id: randomUUID(), type: 'test.happened.v1', data: { n, text: 'x'.repeat(300) }, metadata }));
    head = (await log.store.append(stream, head < 0 ? 'no-stream' : head, events)).revision;
    writeSync(1, `${stream} ${head}\n`);
  }
};
await Promise.all(Array.from({ length: Number(writers) }, write));
await log.close();
