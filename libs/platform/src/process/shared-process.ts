import { hostname } from 'node:os';
import { randomId } from '#eventing/ids.js';
import { Peers, reportPresence } from '#eventing/presence.js';
import type { PresenceReport } from '#eventing/presence.port.js';
import { reachable } from '#eventing/reachable.js';
import { refuseSealed } from '#eventing/sealed-store.js';
import type { EventStore } from '#eventing/event-store.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { openSharedEventStore } from '../event-store/open-event-store.js';
import type { ReadinessCheck } from '../http/ports/readiness-check.port.js';
import type { Log } from '../logging/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { timedCalls } from '../telemetry/timed-calls.js';
import { watchPeers } from '../telemetry/watch-peers.js';
import { systemClock } from '../time/system-clock.js';
import { openTracing, tracingOf } from '../tracing/open-tracing.js';

export interface SharedProcess {
  readonly store: EventStore;
  /** Nothing is traced where no collector is configured. */
  readonly tracer: Tracer;
  /** Of this process start. */
  readonly incarnation: string;
  readonly peers: Peers;
  readonly storeCheck: ReadinessCheck;
  /** Not ready while this process's clock is the odd one out (rule 14). */
  readonly clockCheck: ReadinessCheck;
  /** From now on the others are told how this process is. */
  report(kind: PresenceReport['kind'], name: string, down: () => string | undefined): void;
  /** Says goodbye, and lets go of the store. */
  close(): Promise<void>;
}

export interface Observed {
  /** As traces name it. */
  readonly service: PresenceReport['kind'];
  readonly metrics: Metrics;
}

/** What every one of several processes begins with: the event store that they share, and word of the others. @throws StoreUnavailableError, SealedStoreError, ConfigError */
export async function openSharedProcess({ eventStore, telemetry }: Pick<Config, 'eventStore' | 'telemetry'>, log: Log, { service, metrics }: Observed): Promise<SharedProcess> {
  if (eventStore.kind !== 'esdb') throw new ConfigError('eventStore', 'must be a store that processes share');
  const { store: opened, presence, close } = await openSharedEventStore(eventStore);
  const store = timedCalls(opened, metrics.store.call);
  const incarnation = randomId();
  const stopping = new AbortController();
  try {
    await reachable(() => store.storeId(), (error) => log.warn({ error }, 'the event store does not answer yet'));
    await refuseSealed(store);
  } catch (error) {
    await close();
    throw error;
  }
  const peers = new Peers(systemClock);
  const watched = watchPeers({ self: { incarnation }, clock: systemClock, metrics, log });
  const hear = (report: PresenceReport): void => {
    peers.hear(report);
    watched.hear(report);
  };
  const following = presence.follow(hear, stopping.signal);
  const tracing = await openTracing(tracingOf({ service, incarnation, otlpEndpoint: telemetry.otlpEndpoint }, metrics, log));
  const reporting: Promise<void>[] = [];
  return {
    store,
    tracer: tracing.tracer,
    incarnation,
    peers,
    storeCheck: storeCheck(store),
    clockCheck: watched.clockCheck,
    report: (kind, name, down) => void reporting.push(reportPresence(presence, { kind, name, incarnation }, down, systemClock, stopping.signal)),
    async close() {
      stopping.abort();
      watched.stop();
      await Promise.all([following, ...reporting, tracing.close()]);
      await close();
    },
  };
}

/** What the others know a process by that has no name of its own: folders are called the same on every machine, and it stands in metrics. */
export const processName = (): string => `${hostname()}-${process.pid}`;

export const storeCheck = (store: EventStore): ReadinessCheck => ({
  name: 'event-store',
  check: () => store.readAll({ limit: 1, direction: 'backward' }).then(() => undefined, () => 'the event store does not answer'),
});
