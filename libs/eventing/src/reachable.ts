import { StoreUnavailableError } from './event-store.port.js';
import type { EventStore } from './event-store.port.js';
import { pause } from './pause.js';

const AGAIN_AFTER_MS = 500;

/**
 * Waits until the store answers: processes and stores of a deployment are started together, in any order.
 * @param waiting told of each failure @throws StoreUnavailableError after `withinMs`
 */
export async function reachable(store: EventStore, withinMs: number, waiting: (error: unknown) => void): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await store.storeId();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > until) throw error;
      waiting(error);
    }
    await pause(AGAIN_AFTER_MS);
  }
}
