import type { Actor } from '#kernel/actor.js';

const MAX_CALLERS = 10_000;
interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket a caller: so many requests a minute, of which a sixth, at least ten, may come at once. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly perMs: number;
  private readonly burst: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(requestsPerMinute: number, private readonly now: () => number) {
    this.perMs = requestsPerMinute / 60_000;
    this.burst = Math.min(requestsPerMinute, Math.max(10, Math.ceil(requestsPerMinute / 6)));
  }

  /** Takes one request. @returns whole seconds to wait when there is none left, else 0 */
  take(caller: Actor): number {
    const key = JSON.stringify([caller.issuer, caller.subject]);
    const at = this.now();
    const known = this.buckets.get(key);
    const tokens = known ? Math.min(this.burst, known.tokens + (at - known.at) * this.perMs) : this.burst;
    // Set anew, so that the map's order is that of the last request, and the caller seen longest ago makes place.
    this.buckets.delete(key);
    this.buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    if (this.buckets.size > MAX_CALLERS) for (const oldest of this.buckets.keys()) { this.buckets.delete(oldest); break; }
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.perMs / 1000));
  }
}
