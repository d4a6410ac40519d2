import { pause } from '#eventing/pause.js';
import type { ReadModelDatabase } from './database.js';
import type { ReadModelProgress } from './read-model-progress.js';
import { standing } from './subscription-tables.js';

/** How often the rows are asked while somebody waits for them, ms: at most so much later than their commit it is known. */
const WAITED_MS = 10;
/** And while nobody does. */
const QUIET_MS = 1_000;

/**
 * Keeps a process that only reads the rows knowing how far they are, whoever writes them, by asking the rows themselves: until the signal aborts. Never rejects.
 * @param failed told of each failure; meanwhile what was known last holds
 */
export async function followProgress(rows: ReadModelDatabase, progress: ReadModelProgress, signal: AbortSignal, failed?: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      const { checkpoint, caughtUp } = await standing(rows);
      if (signal.aborted) return;
      const applied = checkpoint === undefined ? undefined : BigInt(checkpoint.position);
      const { state } = progress;
      if (state.applied !== applied || state.caughtUp !== caughtUp) progress.update({ applied, caughtUp, appliedAt: checkpoint?.appliedAt });
      await pause(WAITED_MS, signal);
      await progress.untilWaited(QUIET_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      failed?.(error);
      await pause(QUIET_MS, signal);
    }
  }
}
