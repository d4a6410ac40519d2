import { mkdirSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { EventStore, Position } from '#eventing/event-store.port.js';
import type { Config } from '#platform/config/config.js';
import { rebuildReadModel } from '#platform/read-model/follow-read-model.js';
import { openReadModel } from '#platform/read-model/open-read-model.js';
import { Projector } from '#platform/read-model/projector.js';
import { rebuildBeside } from '#platform/read-model/rebuild-beside.js';
import { allProjections, READ_MODEL_PARTS } from './read-model-parts.js';

/** Of the progress bar: positions have gaps, so it shows how far through the store it is, in thousandths. */
const STEPS = 1_000;

export interface Rebuilt {
  readonly events: number;
  readonly ms: number;
  /** Events that a projection could not fold. */
  readonly parked: number;
}

export interface RebuildParts {
  readonly store: EventStore;
  readonly config: Pick<Config, 'dataDir' | 'readModel'>;
  readonly signal: AbortSignal;
  readonly output?: NodeJS.WritableStream;
}

/**
 * `npm run rebuild-projections`: makes all rows anew from the store, with a progress bar. Process managers' tables are not touched (rule 12).
 * SQLite: no worker of the data folder may run, the caller holds it; when it ends early the next start goes on from what was done.
 * PostgreSQL: beside the live rows, whose place the new ones take when all of them are made; when it ends early the live ones are as they were.
 * @throws StoreUnavailableError
 */
export async function rebuildProjections({ store, config, signal, output = process.stderr }: RebuildParts): Promise<Rebuilt> {
  let parked = 0;
  const observe = { parked: () => void (parked += 1) };
  const bar = new SingleBar({ format: 'rebuilding [{bar}] {percentage}% · {events} events · {rate}/s', stream: output, hideCursor: true, clearOnComplete: false });
  bar.start(STEPS, 0, { events: 0, rate: 0 });
  const started = performance.now();
  const advanced = (events: number, position: Position, head: Position): void =>
    bar.update(Number((position * BigInt(STEPS)) / (head === 0n ? 1n : head)), { events, rate: Math.round((events * 1000) / (performance.now() - started)) });
  try {
    const done = await rebuild({ store, config, signal, observe, advanced });
    if (!signal.aborted) bar.update(STEPS, { events: done.events, rate: Math.round((done.events * 1000) / done.ms) });
    return { ...done, parked };
  } finally {
    bar.stop();
  }
}

type Watched = Omit<RebuildParts, 'output'> & { readonly observe: { readonly parked: () => void }; readonly advanced: (events: number, position: Position, head: Position) => void };

async function rebuild({ store, config: { dataDir, readModel }, signal, observe, advanced }: Watched): Promise<{ readonly events: number; readonly ms: number }> {
  if (readModel.kind === 'postgres') return rebuildBeside({ url: readModel.url, parts: READ_MODEL_PARTS, projections: allProjections(), store, signal, observe, advanced });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS });
  try {
    return await rebuildReadModel({ store, projector: new Projector(database, allProjections(), observe), signal, advanced });
  } finally {
    await database.close();
  }
}
