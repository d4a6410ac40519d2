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
  /** The latest time that was told or seen, ms: `closing` does not go back behind it while this process lives. */
  private latest = 0;
  /** The same without what a wall clock showed that is not trusted, ms. */
  private vouched = 0;
  /** Where the last confirmation stands: what was written before it, maybe under a wrong clock, counts no longer. */
  private confirmation: Position | undefined;
  private fault: string | undefined;
  /** Confirmations of the past have been looked at: those that come now are about clocks as they are. */
  private started = false;

  constructor(private readonly clock: Clock) {
    this.offset = clock.wall() - clock.monotonic();
  }

  now(): { readonly closing: Instant; readonly opening: Instant } {
    const wall = this.check();
    this.latest = Math.max(this.latest, wall);
    this.vouch();
    return { closing: instant(this.latest), opening: instant(wall) };
  }

  /**
   * The time that an event bears. It is `closing`, except that a clock that jumped ahead is told to nobody: the other processes would hold their own, which are
   * right, for wrong, and all of them would stop.
   */
  written(): Instant {
    this.now();
    return instant(this.vouched);
  }

  /** An event that is in the store: a time to be observed, or a confirmation. */
  follow({ type, data, metadata, position }: RecordedEvent): void {
    if (type === CLOCK_CONFIRMED) this.confirm((data as ClockConfirmed).confirmedAt, position);
    else this.observe(metadata.at, position);
  }

  /** Looks at the last confirmation and at the last event: to be done before anything is decided by this clock. What is confirmed after it, is confirmed while this process lives. */
  async start(store: EventStore): Promise<void> {
    const [confirmation] = await store.readStream(CLOCK_STREAM, { limit: 1, direction: 'backward' });
    if (confirmation !== undefined) this.follow(confirmation);
    this.started = true;
    const [last] = await store.readAll({ limit: 1, direction: 'backward' });
    if (last !== undefined) this.follow(last);
  }

  /** An event that is in the store. The first one of a start tells whether the clock went back while nobody looked. */
  observe(at: Instant, position: Position): void {
    if (this.confirmation !== undefined && position <= this.confirmation) return;
    const ms = Date.parse(at);
    if (ms > this.vouched) this.vouched = ms;
    if (!(ms > this.latest)) return;
    this.latest = ms;
    this.compare(ms);
  }

  /** Why the clock can't be trusted; undefined when it can. */
  jumped(): string | undefined {
    this.check();
    return this.fault;
  }

  /**
   * An administrator vouched for the wall clock of the process that he asked, which showed `at`, by the event at `position`. Not for one that lies behind
   * it: that of another machine, or of a later start. Nor for one that lies ahead of it and is at fault already: it is another one than he looked at, or heard
   * of it too late to tell; a confirmation that it hears in time, with its clock set right, clears it.
   */
  confirm(at: Instant, position: Position): void {
    if (this.confirmation !== undefined && position <= this.confirmation) return;
    this.check();
    this.confirmation = position;
    this.latest = Date.parse(at);
    this.vouched = this.latest;
    const wall = this.clock.wall();
    if (this.started && this.fault !== undefined && wall - this.latest > MAX_JUMP_MS) {
      this.fault = `the clock shows ${instant(wall)}, and ${at} was confirmed`;
      return;
    }
    this.offset = wall - this.clock.monotonic();
    this.fault = undefined;
    this.compare(this.latest);
  }

  private compare(written: number): void {
    const wall = this.clock.wall();
    if (written - wall > MAX_JUMP_MS) this.fault ??= `the clock shows ${instant(wall)}, events were written at ${instant(written)}`;
  }

  /** By the wall clock, or where it jumped, by what went by since it was trusted. */
  private vouch(): void {
    const trusted = this.clock.monotonic() + this.offset;
    const wall = this.clock.wall();
    this.vouched = Math.max(this.vouched, Math.abs(wall - trusted) > MAX_JUMP_MS ? trusted : wall);
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
