import { StoreUnavailableError } from './event-store.port.js';
import { pause } from './pause.js';

/** How long a process waits at its start for what it can't do without. */
export const REACHABLE_WITHIN_MS = 60_000;
const AGAIN_AFTER_MS = 500;

/**
 * Waits until a store answers: processes and stores of a deployment are started together, in any order.
 * @param ask rejects with StoreUnavailableError while it does not @param waiting told of each failure @throws StoreUnavailableError after `withinMs`; at once what else `ask` throws
 */
export async function reachable(ask: () => Promise<unknown>, waiting: (error: unknown) => void, withinMs = REACHABLE_WITHIN_MS): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > until) throw error;
      waiting(error);
    }
    await pause(AGAIN_AFTER_MS);
  }
}
