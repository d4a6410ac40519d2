import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import { startPostgres } from '#test/fixtures/postgres.js';
import type { PostgresServer } from '#test/fixtures/postgres.js';
import { BenchProcess } from './bench-process.js';

const UP_MS = 20_000;
const LOOK_MS = 20;

export interface BenchFacade {
  readonly url: string;
  readonly process: BenchProcess;
}

/** The facade of EventStoreDB as a process of its own, on the disk. @param dir is made */
export async function startBenchFacade(dir: string): Promise<BenchFacade> {
  mkdirSync(dir, { recursive: true });
  const log = join(dir, 'output.log');
  const facade = new BenchProcess({ name: 'event store', entry: 'test/event-store-facade/main', args: ['--port', '0', '--dir', join(dir, 'events')], env: process.env, log });
  facade.start();
  for (const until = performance.now() + UP_MS; ; await pause(LOOK_MS)) {
    const said = readFileSync(log, 'utf8').split('\n', 1)[0] ?? '';
    if (said.startsWith('{') && said.endsWith('}')) return { url: (JSON.parse(said) as { readonly url: string }).url, process: facade };
    facade.check();
    if (performance.now() > until) throw new Error('the facade of the event store did not start in time');
  }
}

/** A PostgreSQL that flushes what it commits, as a deployment's does. */
export const startBenchPostgres = (): Promise<PostgresServer> => startPostgres({ fsync: true, settings: { shared_buffers: '256MB' } });
