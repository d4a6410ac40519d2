import { mkdirSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import type { EventStore } from '#eventing/event-store.port.js';
import type { Config } from '#platform/config/config.js';
import { openReadModel } from '#platform/read-model/open-read-model.js';
import { rebuildReadModel } from '#platform/read-model/follow-read-model.js';
import { Projector } from '#platform/read-model/projector.js';
import { allProjections, READ_MODEL_PARTS } from './read-model-parts.js';

/** Of the progress bar: positions have gaps, so it shows how far through the store it is, in thousandths. */
const STEPS = 1_000;

export interface Rebuilt {
  readonly events: number;
  readonly ms: number;
  /** Events that a projection could not fold. */
  readonly parked: number;
}

/**
 * `npm run rebuild-projections`: makes all rows of `<dataDir>/read-model.db` anew from the store, with a progress bar. Process managers' tables are not touched (rule 12).
 * The store's process must not run: the caller holds the data folder.
 * @throws StoreUnavailableError; the next start goes on from what was done
 */
export async function rebuildProjections({ store, config: { dataDir, readModel }, signal, output = process.stderr }: { readonly store: EventStore; readonly config: Pick<Config, 'dataDir' | 'readModel'>; readonly signal: AbortSignal; readonly output?: NodeJS.WritableStream }): Promise<Rebuilt> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS });
  let parked = 0;
  const projector = new Projector(database, allProjections(), { parked: () => (parked += 1) });
  const bar = new SingleBar({ format: 'rebuilding [{bar}] {percentage}% · {events} events · {rate}/s', stream: output, hideCursor: true, clearOnComplete: false });
  bar.start(STEPS, 0, { events: 0, rate: 0 });
  const started = performance.now();
  try {
    const done = await rebuildReadModel({
      store,
      projector,
      signal,
      advanced: (events, position, head) => bar.update(Number((position * BigInt(STEPS)) / (head === 0n ? 1n : head)), { events, rate: Math.round((events * 1000) / (performance.now() - started)) }),
    });
    if (!signal.aborted) bar.update(STEPS, { events: done.events, rate: Math.round((done.events * 1000) / done.ms) });
    return { ...done, parked };
  } finally {
    bar.stop();
    await database.close();
  }
}
