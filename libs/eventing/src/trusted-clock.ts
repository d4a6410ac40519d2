import type { Clock, Instant } from '#kernel/clock.js';
import type { EventStore, Position, RecordedEvent } from './event-store.port.js';

/** A wall clock that differs from what it should show by more than this stops signing (rule 14). */
export const MAX_JUMP_MS = 60_000;

/** Where administrators vouch for the clock, and how. */
export const CLOCK_STREAM = 'clock-main';
export const CLOCK_CONFIRMED = 'clock.confirmed.v1';
export interface ClockConfirmed {
  readonly confirmedAt: Instant;
  readonly fault: string | null;
  readonly personal: { readonly comment: string };
}

const instant = (ms: number): Instant => new Date(ms).toISOString();

/**
 * Time as authority may use it (rule 14). What closes with time looks at `closing`, which never lies before the latest event seen;
 * what opens with it looks at `opening`, the wall clock alone. After a jump nothing signs until an administrator vouches for the clock.
 */
export class TrustedClock {
  /** wall - monotonic, as it was when the clock was last trusted. */
  private offset: number;
  private latest = 0;
  /** Where the last confirmation stands: what was written before it, maybe under a wrong clock, counts no longer. */
  private confirmation: Position | undefined;
  private fault: string | undefined;

  constructor(private readonly clock: Clock) {
    this.offset = clock.wall() - clock.monotonic();
  }

  now(): { readonly closing: Instant; readonly opening: Instant } {
    const wall = this.check();
    return { closing: instant(Math.max(wall, this.latest)), opening: instant(wall) };
  }

  /** An event that is in the store: a time to be observed, or a confirmation. */
  follow({ type, data, metadata, position }: RecordedEvent): void {
    if (type === CLOCK_CONFIRMED) this.confirm((data as ClockConfirmed).confirmedAt, position);
    else this.observe(metadata.at, position);
  }

  /** Looks at the last confirmation and at the last event: to be done before anything is decided by this clock. */
  async start(store: EventStore): Promise<void> {
    const [confirmation] = await store.readStream(CLOCK_STREAM, { limit: 1, direction: 'backward' });
    if (confirmation !== undefined) this.follow(confirmation);
    const [last] = await store.readAll({ limit: 1, direction: 'backward' });
    if (last !== undefined) this.follow(last);
  }

  /** An event that is in the store. The first one of a start tells whether the clock went back while nobody looked. */
  observe(at: Instant, position: Position): void {
    if (this.confirmation !== undefined && position <= this.confirmation) return;
    const ms = Date.parse(at);
    if (ms <= this.latest) return;
    this.latest = ms;
    const wall = this.clock.wall();
    if (ms - wall > MAX_JUMP_MS) this.fault ??= `the clock shows ${instant(wall)}, events were written at ${at}`;
  }

  /** Why the clock can't be trusted; undefined when it can. */
  jumped(): string | undefined {
    this.check();
    return this.fault;
  }

  /** An administrator vouched for the wall clock, which showed `at`, by the event at `position`. */
  confirm(at: Instant, position: Position): void {
    if (this.confirmation !== undefined && position <= this.confirmation) return;
    this.confirmation = position;
    this.latest = Math.min(Date.parse(at), this.clock.wall());
    this.offset = this.clock.wall() - this.clock.monotonic();
    this.fault = undefined;
  }

  private check(): number {
    const wall = this.clock.wall();
    const jump = wall - this.clock.monotonic() - this.offset;
    if (Math.abs(jump) > MAX_JUMP_MS) this.fault ??= `the clock jumped by ${Math.round(jump / 1000)} s`;
    return wall;
  }
}

/** Injection token of the process's TrustedClock. */
export const TRUSTED_CLOCK = Symbol('TrustedClock');
