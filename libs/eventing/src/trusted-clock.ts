import type { Clock, Instant } from '#kernel/clock.js';
import type { Position } from './event-store.port.js';

/** A wall clock that differs from what it should show by more than this stops signing (rule 14). */
export const MAX_JUMP_MS = 60_000;

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
    this.latest = Date.parse(at);
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
