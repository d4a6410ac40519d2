import { PRESENCE_EVERY_MS } from './presence.port.js';
import type { PresenceReport } from './presence.port.js';

/** How long a report counts. */
export const SKEW_WINDOW_MS = 60_000;
/** Fewer live reports say nothing yet. */
export const SKEW_REPORTS = 3;
/** From here on people are told. */
export const SKEW_WARN_MS = 1_000;
/** From here on a process that differs from most others is not ready. */
export const SKEW_FAULT_MS = 60_000;
/** A report that comes sooner after the last one was held up somewhere with it, or tells a change: how old it is nobody knows. */
const LIVE_GAP_MS = PRESENCE_EVERY_MS / 2;
/** Peers that are measured at one time; the one heard longest ago makes place. */
const MAX_PEERS = 256;

/** One report, as it came. */
export interface HeardReport {
  /** The sender's wall clock when he said it, ms. */
  readonly at: number;
  /** This process's wall clock when it came, ms. */
  readonly arrival: number;
}
export interface PeerSkew {
  /** Kind and name, as `signer/signer-1`. */
  readonly peer: string;
  /** This process's wall clock less the peer's, ms: positive, where this one is ahead or the other behind. */
  readonly skewMs: number;
}

/**
 * How far two clocks are apart by reports from one to the other. Each arrives later than it was sent, never sooner, so that every difference is the
 * skew and a way of unknown length: the smallest is the nearest. It may be too large by the quickest way there was, and never too small.
 * @returns ms, as PeerSkew has it; undefined for too few reports
 */
export function skewOf(reports: readonly HeardReport[]): number | undefined {
  return reports.length < SKEW_REPORTS ? undefined : Math.min(...reports.map(({ at, arrival }) => arrival - at));
}

interface Peer {
  incarnation: string;
  /** Monotonic ms of the last report, live or not. */
  last: number;
  live: (HeardReport & { readonly heard: number })[];
}

/** The clocks of the other processes against this one's, from what they report of themselves (PresenceReport.at). */
export class ClockSkew {
  private readonly peers = new Map<string, Peer>();

  /** @param self who this process is to the others: what it said itself is left out */
  constructor(private readonly clock: { wall(): number; monotonic(): number }, private readonly self: { readonly incarnation: string }) {}

  hear({ kind, name, incarnation, at }: PresenceReport): void {
    if (incarnation === this.self.incarnation) return;
    const heard = this.clock.monotonic();
    const peer = `${kind}/${name}`;
    const known = this.peers.get(peer);
    const sent = Date.parse(at);
    // What was told lately comes at once to who begins to follow, or follows again: only those that come in their rhythm are fresh.
    const isLive = known !== undefined && known.incarnation === incarnation && heard - known.last >= LIVE_GAP_MS && Number.isFinite(sent);
    const before = known?.incarnation === incarnation ? known.live.filter((report) => heard - report.heard <= SKEW_WINDOW_MS) : [];
    this.peers.delete(peer);
    this.peers.set(peer, { incarnation, last: heard, live: isLive ? [...before, { at: sent, arrival: this.clock.wall(), heard }] : before });
    if (this.peers.size > MAX_PEERS) for (const oldest of this.peers.keys()) return void this.peers.delete(oldest);
  }

  /** Of every peer that was heard in the last SKEW_WINDOW_MS, often enough. */
  skews(): readonly PeerSkew[] {
    const since = this.clock.monotonic() - SKEW_WINDOW_MS;
    return [...this.peers].flatMap(([peer, { live }]) => {
      const skewMs = skewOf(live.filter(({ heard }) => heard >= since));
      return skewMs === undefined ? [] : [{ peer, skewMs }];
    });
  }

  /** The peers whose clocks differ from this one by more than SKEW_WARN_MS. */
  apart(): readonly PeerSkew[] {
    return this.skews().filter(({ skewMs }) => Math.abs(skewMs) > SKEW_WARN_MS);
  }

  /**
   * Why this process's clock can't be right; undefined when it may be. It differs by more than SKEW_FAULT_MS from at least half of the others:
   * of two that differ nobody knows which is right, and one among many that is wrong is no fault of theirs.
   */
  fault(): string | undefined {
    const skews = this.skews();
    const far = skews.filter(({ skewMs }) => Math.abs(skewMs) > SKEW_FAULT_MS);
    const [first] = far;
    if (first === undefined || far.length * 2 < skews.length) return undefined;
    return `the clock is ${Math.abs(Math.round(first.skewMs / 1000))} s ${first.skewMs > 0 ? 'ahead of' : 'behind'} that of ${first.peer}, and differs from ${far.length} of ${skews.length} processes`;
  }
}
