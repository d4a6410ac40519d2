import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreServer } from '#test/system/stores.js';
import { embeddedStore, eventStoreDB, measureContention } from './contention-rates.js';
import type { MeasuredStore } from './contention-rates.js';

// `node dist/test/bench/contention.js [seconds]`: orders on one operation from several api processes, on each store that is there (ESDB_URL: a real server).
// All executors run in this process, over connections of their own; the stores' servers run beside it.

const seconds = Number(process.argv[2] ?? 3);
const dir = mkdtempSync(join(tmpdir(), 'contention-'));
mkdirSync(join(dir, 'logs'));
const facade = await eventStoreServer(join(dir, 'facade'), join(dir, 'logs'));
const url = process.env['ESDB_URL'];
const stores: readonly MeasuredStore[] = [await embeddedStore(join(dir, 'events')), eventStoreDB('facade', facade.url), ...(url === undefined ? [] : [eventStoreDB('server', url)])];

process.stdout.write('| store | api processes | clients each | orders/s | conflicts/append | orders/append | p50 ms | p99 ms | least of an api | open at most | longest settling ms | refused |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n');
try {
  for (const store of stores) {
    for (const [apis, clients] of [[1, 1], [1, 4], [1, 16], [2, 1], [2, 4], [2, 16], [4, 4], [4, 16]] as const) {
      const f = await measureContention(store, apis, clients, seconds);
      const cells = [
        store.name, apis, clients, f.perSecond, (f.conflicts / f.appends).toFixed(2), (f.accepted / f.appends).toFixed(1), f.p50.toFixed(1), f.p99.toFixed(1),
        `${Math.round((Math.min(...f.perApi) * 100 * apis) / f.accepted)} %`, f.mostOpen, Math.round(f.longestSettling), JSON.stringify(f.refused),
      ];
      process.stdout.write(`| ${cells.join(' | ')} |\n`);
    }
    await store.close();
  }
} finally {
  await facade.process.kill();
  rmSync(dir, { recursive: true, force: true });
}
