import type { Clock } from '#kernel/clock.js';
import type { RecordedEvent } from './event-store.port.js';

/** Told how a subscription gets on; waits for nothing and throws nothing. */
export interface SubscriptionObserver {
  /** These events have come and are being handled. */
  delivered(events: readonly RecordedEvent[]): void;
  /** What was delivered has had its effect. */
  handled(): void;
  caughtUp(): void;
  /** It broke, or what was delivered could not be handled: the same comes again. */
  failed(): void;
  /** It was ended on purpose: another process may go on with it. */
  ended(): void;
}

export interface Lag {
  /** Delivered and not handled: at least so many are behind. */
  readonly events: number;
  /** Since the oldest event was written that is known not to be handled; while nothing comes that should, since it last did. 0 for one that keeps up. */
  readonly seconds: number;
}

/** How far one subscription is behind the store. */
export class SubscriptionLag implements SubscriptionObserver {
  private waiting: readonly RecordedEvent[] = [];
  /** Monotonic ms since when it is not known to be up with the store; undefined when it is. */
  private behindSince: number | undefined;

  /** @param gone told when it was ended: from then on it is nobody's to say how far behind it is */
  constructor(private readonly clock: Clock, private readonly gone: () => void = () => undefined) {
    this.behindSince = clock.monotonic();
  }

  delivered(events: readonly RecordedEvent[]): void {
    this.waiting = events;
  }

  handled(): void {
    this.waiting = [];
    // What goes on after a failure is heard of again, whether or not there is more.
    if (this.behindSince !== undefined) this.behindSince = this.clock.monotonic();
  }

  caughtUp(): void {
    this.behindSince = undefined;
  }

  failed(): void {
    this.behindSince ??= this.clock.monotonic();
  }

  ended(): void {
    this.gone();
  }

  lag(): Lag {
    const [oldest] = this.waiting;
    const written = oldest === undefined ? 0 : this.clock.wall() - Date.parse(oldest.metadata.at);
    const silent = this.behindSince === undefined ? 0 : this.clock.monotonic() - this.behindSince;
    return { events: this.waiting.length, seconds: Math.max(0, Number.isFinite(written) ? written : 0, silent) / 1000 };
  }
}
