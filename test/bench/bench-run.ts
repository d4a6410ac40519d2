import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '#test/fixtures/postgres.js';
import { about, machine, table } from './bench-report.js';
import type { Machine, Row } from './bench-report.js';
import { startBenchFacade, startBenchPostgres } from './bench-stores.js';
import type { BenchFacade } from './bench-stores.js';
import { folderOnDisk } from './folder-on-disk.js';

/** Sessions with the token; test/bench/launch.mjs starts this process with threads enough for them. */
export const SESSIONS = 8;
const THREADS = String(SESSIONS + 4);
const KEEP_GOING_MS = 1_000;

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What one run needs and leaves: a folder on a disk, stores that end with it, rows. */
export class BenchRun {
  readonly dir: string;
  private readonly machine: Machine = machine();
  private readonly rows: Row[] = [];
  private readonly closing: (() => Promise<void>)[] = [];
  private server: Promise<PostgresServer> | undefined;

  private constructor() {
    if (process.env['UV_THREADPOOL_SIZE'] !== THREADS) throw new Error(`UV_THREADPOOL_SIZE must be ${THREADS} when this process starts: npm run bench sees to it`);
    const parent = folderOnDisk();
    process.env['TMPDIR'] = parent;
    this.dir = mkdtempSync(join(parent, 'countersign-bench-'));
    process.on('exit', () => rmSync(this.dir, { recursive: true, force: true }));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));
  }

  /** Runs `measure`, ends what it started, prints the table. @param json file that gets the figures as well */
  static async of(json: string | undefined, measure: (run: BenchRun) => Promise<void>): Promise<void> {
    const run = new BenchRun();
    // What is waited for at the end does not keep the process going by itself.
    const going = setInterval(() => undefined, KEEP_GOING_MS);
    try {
      await measure(run);
    } finally {
      await Promise.all(run.closing.map((close) => close()));
      clearInterval(going);
    }
    process.stdout.write(`\n${about(run.machine)}\n\n${table(run.rows)}\n`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: run.machine, rows: run.rows }, null, 2)}\n`);
  }

  add(...rows: readonly Row[]): void {
    for (const row of rows) {
      this.rows.push(row);
      say(`${row.name}: ${row.value} ${row.unit}${row.met === null ? '' : row.met ? ', as aimed at' : `, aim ${row.aim}`}`);
    }
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** An empty one. @param name different each time */
  async facade(name: string): Promise<BenchFacade> {
    const facade = await startBenchFacade(this.path(`facade-${name}`));
    this.closing.push(() => facade.process.stop());
    return facade;
  }

  /** URL of an empty database of the run's own PostgreSQL. */
  async database(): Promise<string> {
    this.server ??= startBenchPostgres().then((server) => {
      this.closing.push(() => server.stop());
      return server;
    });
    return (await this.server).database();
  }
}
