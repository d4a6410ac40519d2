import { ClockSkew } from '#eventing/clock-skew.js';
import { PRESENCE_SILENT_MS } from '#eventing/presence.port.js';
import type { PresenceReport } from '#eventing/presence.port.js';
import type { Clock } from '#kernel/clock.js';
import type { ReadinessCheck } from '../http/ports/readiness-check.port.js';
import type { Log } from '../logging/log.js';
import type { Metrics } from './metrics.js';

/** How often the others are looked at, ms. */
export const PEERS_EVERY_MS = 1_000;
/** How often people are told of a clock that stays apart, ms. */
const TELL_EVERY_MS = 600_000;

export interface WatchedPeers {
  /** Every report that comes in, this process's own among them. */
  hear(report: PresenceReport): void;
  /** Not ready while this process's clock is the odd one out by more than a minute. */
  readonly clockCheck: ReadinessCheck;
  stop(): void;
}

/** Shows which processes are there and how far their clocks are from this one, and tells of those that are more than a second apart. */
export function watchPeers({ self, clock, metrics, log }: { readonly self: { readonly incarnation: string }; readonly clock: Clock; readonly metrics: Pick<Metrics, 'peers'>; readonly log: Log }): WatchedPeers {
  const skew = new ClockSkew(clock, self);
  const heard = new Map<string, { readonly report: PresenceReport; readonly at: number }>();
  const told = new Map<string, number>();
  const look = (): void => {
    const now = clock.monotonic();
    for (const [peer, { at }] of heard) if (now - at > PRESENCE_SILENT_MS) heard.delete(peer);
    const skews = new Map(skew.skews().map(({ peer, skewMs }) => [peer, skewMs]));
    metrics.peers([...heard].map(([peer, { report: { kind, name, down } }]) => {
      const skewMs = skews.get(peer);
      return { kind, name, working: down === null, skewSeconds: skewMs === undefined ? undefined : skewMs / 1000 };
    }));
    const apart = skew.apart();
    for (const peer of told.keys()) if (!apart.some((one) => one.peer === peer)) told.delete(peer);
    for (const { peer, skewMs } of apart) {
      if (now - (told.get(peer) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) continue;
      told.set(peer, now);
      log.warn({ host: peer, skewMs: Math.round(skewMs) }, 'the clock of another process is more than a second apart from this one');
    }
  };
  const timer = setInterval(look, PEERS_EVERY_MS);
  timer.unref();
  return {
    hear(report) {
      skew.hear(report);
      if (report.incarnation !== self.incarnation) heard.set(`${report.kind}/${report.name}`, { report, at: clock.monotonic() });
    },
    clockCheck: { name: 'clock-skew', check: () => Promise.resolve(skew.fault()) },
    stop: () => clearInterval(timer),
  };
}
