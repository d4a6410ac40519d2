import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '#platform/worker-entry.js';
import { about, atLeast, atMost, figure, machine, table } from './bench-report.js';
import type { Row } from './bench-report.js';
import { BenchService } from './bench-service.js';
import { orderCosts } from './order-costs.js';
import { orderRates } from './order-rates.js';
import { measureAppends } from './raw-appends.js';
import { measureHsm } from './raw-hsm.js';
import { measureRebuild } from './replay-rate.js';

// `npm run bench [-- --json FILE]`: everything on this machine in one run. What is missed is said, and no failure.
const SESSIONS = 8;
const REBUILT_EVENTS = 100_000;
const MEGABYTE = 1_000_000;
const TMPFS = 0x01021994;

const { json } = parseArgs({ options: { json: { type: 'string' } } }).values;
if (process.env['UV_THREADPOOL_SIZE'] !== String(SESSIONS + 4)) throw new Error(`UV_THREADPOOL_SIZE must be ${SESSIONS + 4} when this process starts: npm run bench sees to it`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Flushes cost nothing in memory: what is measured lies on a disk. */
function folderOnDisk(): string {
  const parent = [tmpdir(), '/var/tmp', packageRoot].find((folder) => existsSync(folder) && statfsSync(folder).type !== TMPFS);
  if (parent === undefined) throw new Error('there is no folder on a disk; TMPDIR can name one');
  return mkdtempSync(join(parent, 'countersign-bench-'));
}

const where = machine();
const dir = folderOnDisk();
const rows: Row[] = [];
const add = (...more: readonly Row[]): void => {
  for (const row of more) {
    rows.push(row);
    say(`${row.name}: ${row.value} ${row.unit}`);
  }
};
try {
  const hsm = (await measureHsm({ ms: 4_000, sessions: SESSIONS, thread: true })).signaturesPerSecond;
  add(figure(`raw HSM, ES256, ${SESSIONS} sessions`, hsm, 'signatures/s'));
  const one = await measureAppends(join(dir, 'appends-1'), 1, 3);
  const many = await measureAppends(join(dir, 'appends-64'), 64, 3);
  add(figure('raw appends, 1 in flight', one.perSecond, 'appends/s'), figure('raw appends, 64 in flight', many.perSecond, 'appends/s'));

  const service = await BenchService.start(join(dir, 'service'), SESSIONS);
  try {
    add(...(await orderRates(service, { hsm, appends: many.perSecond })));
    const memory = service.memory();
    add(...(await orderCosts(service)));
    add(atMost('memory after the load (RSS)', memory.now / MEGABYTE, 'MB', 400), figure('memory at most (peak RSS)', memory.peak / MEGABYTE, 'MB'));
  } finally {
    await service.close();
  }

  const replay = await measureRebuild(REBUILT_EVENTS, dir);
  add(figure(`replay of ${replay.events} events`, replay.replayPerSecond, 'events/s'), atLeast(`rebuild of the read model, ${replay.events} events`, replay.rebuildPerSecond, 'events/s', 20_000));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.stdout.write(`\n${about(where)}\n\n${table(rows)}\n`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: where, rows }, null, 2)}\n`);
