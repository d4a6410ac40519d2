import { randomId } from '#eventing/ids.js';
import { Peers, reportPresence } from '#eventing/presence.js';
import type { PresenceReport } from '#eventing/presence.port.js';
import { reachable } from '#eventing/reachable.js';
import type { EventStore } from '#eventing/event-store.port.js';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { openSharedEventStore } from '../event-store/open-event-store.js';
import type { ReadinessCheck } from '../http/ports/readiness-check.port.js';
import type { Log } from '../logging/log.js';
import { systemClock } from '../time/system-clock.js';

/** Stores and processes of a deployment are started together: how long one waits for the other. */
const STORE_WITHIN_MS = 60_000;

export interface SharedProcess {
  readonly store: EventStore;
  /** Of this process start. */
  readonly incarnation: string;
  readonly peers: Peers;
  readonly storeCheck: ReadinessCheck;
  /** From now on the others are told how this process is. */
  report(kind: PresenceReport['kind'], name: string, down: () => string | undefined): void;
  /** Says goodbye, and lets go of the store. */
  close(): Promise<void>;
}

/** What every one of several processes begins with: the event store that they share, and word of the others. @throws StoreUnavailableError, ConfigError */
export async function openSharedProcess({ eventStore }: Pick<Config, 'eventStore'>, log: Log): Promise<SharedProcess> {
  if (eventStore.kind !== 'esdb') throw new ConfigError('eventStore', 'must be a store that processes share');
  const { store, presence, close } = openSharedEventStore(eventStore);
  const incarnation = randomId();
  const stopping = new AbortController();
  try {
    await reachable(store, STORE_WITHIN_MS, (error) => log.warn({ error }, 'the event store does not answer yet'));
  } catch (error) {
    await close();
    throw error;
  }
  const peers = new Peers(systemClock);
  const following = presence.follow((report) => peers.hear(report), stopping.signal);
  const reporting: Promise<void>[] = [];
  return {
    store,
    incarnation,
    peers,
    storeCheck: storeCheck(store),
    report: (kind, name, down) => void reporting.push(reportPresence(presence, { kind, name, incarnation }, down, systemClock, stopping.signal)),
    async close() {
      stopping.abort();
      await Promise.all([following, ...reporting]);
      await close();
    },
  };
}

export const storeCheck = (store: EventStore): ReadinessCheck => ({
  name: 'event-store',
  check: () => store.readAll({ limit: 1, direction: 'backward' }).then(() => undefined, () => 'the event store does not answer'),
});
