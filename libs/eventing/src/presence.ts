import type { Clock } from '#kernel/clock.js';
import { pause } from './pause.js';
import { PRESENCE_EVERY_MS, PRESENCE_SILENT_MS } from './presence.port.js';
import type { PresenceBoard, PresenceReport } from './presence.port.js';

/** How soon a change is told, ms. */
const LOOK_MS = 100;
/** Peers that are remembered, the longest silent ones forgotten first: restarts have new incarnations. */
const MAX_PEERS = 1_000;

/** What this process has heard of the others, by its own monotonic clock. */
export class Peers {
  private readonly heard = new Map<string, { readonly report: PresenceReport; readonly at: number }>();

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  hear(report: PresenceReport): void {
    const name = `${report.kind}/${report.name}`;
    this.heard.delete(name);
    this.heard.set(name, { report, at: this.clock.monotonic() });
    if (this.heard.size > MAX_PEERS) for (const oldest of this.heard.keys()) return void this.heard.delete(oldest);
  }

  /** Those of a kind who were heard lately. */
  present(kind: PresenceReport['kind']): readonly PresenceReport[] {
    const since = this.clock.monotonic() - PRESENCE_SILENT_MS;
    return [...this.heard.values()].filter(({ report, at }) => report.kind === kind && at >= since).map(({ report }) => report);
  }

  /** Why no process of this kind does its work; undefined when at least one does. */
  down(kind: PresenceReport['kind']): string | undefined {
    const present = this.present(kind);
    if (present.length === 0) return `no ${kind} has reported for ${PRESENCE_SILENT_MS / 1000} s`;
    return present.some(({ down }) => down === null) ? undefined : (present[0]?.down ?? undefined);
  }
}

/**
 * Tells the others of this process, every PRESENCE_EVERY_MS and soon after a change, until the signal aborts; then once more that it is gone.
 * What can't be told is told the next time.
 */
export async function reportPresence(board: PresenceBoard, self: Omit<PresenceReport, 'at' | 'down'>, down: () => string | undefined, clock: Clock, signal: AbortSignal): Promise<void> {
  const tell = (state: string | null): Promise<void> => board.report({ ...self, down: state, at: new Date(clock.wall()).toISOString() }).catch(() => undefined);
  let last: string | null | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const now = down() ?? null;
    if (now !== last || clock.monotonic() - toldAt >= PRESENCE_EVERY_MS) {
      toldAt = clock.monotonic();
      last = now;
      await tell(now);
    }
    await pause(LOOK_MS, signal);
  }
  await tell('it was stopped');
}
