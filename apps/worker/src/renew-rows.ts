import type { EventStore } from '#eventing/event-store.port.js';
import type { Log } from '#platform/logging/log.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { layoutOf } from '#platform/read-model/projector.js';
import { rebuildBeside } from '#platform/read-model/rebuild-beside.js';
import { standing } from '#platform/read-model/subscription-tables.js';
import { allProjections, READ_MODEL_PARTS } from './read-model-parts.js';

/**
 * Rows that another release made, of this store, are read on while this one makes its own beside them; otherwise they would be emptied first.
 * @throws StoreUnavailableError
 */
export async function renewRows({ url, rows, store, log, signal }: { readonly url: string; readonly rows: ReadModelDatabase; readonly store: EventStore; readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const projections = allProjections();
  const { checkpoint } = await standing(rows);
  if (checkpoint === undefined || checkpoint.layout === layoutOf(projections) || checkpoint.storeId !== (await store.storeId())) return;
  log.warn({ reason: `they are ${checkpoint.layout}` }, 'the read model is made anew beside the rows of another release');
  await rebuildBeside({ url, parts: READ_MODEL_PARTS, projections, store, signal });
}
