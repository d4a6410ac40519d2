import { hash } from 'node:crypto';
import type { Clock } from '#kernel/clock.js';
import type { Principal } from '../../contract.js';

/** A withdrawn signing key, or a change of roles by configuration, is seen at the latest so much later. */
const MAX_AGE_MS = 60_000;
const MAX_ENTRIES = 4_096;

/** From when to when a token holds by the wall clock, in milliseconds since the epoch, the allowed skew included. `from` inclusive, `until` exclusive. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}
interface Entry extends Validity {
  readonly principal: Principal;
  readonly cachedAt: number;
}

/**
 * Tokens that were verified lately, found by their SHA-256, the least recently used ones going first. Age counts on the clock that never jumps;
 * validity is compared anew with the wall clock at every use, so that a jump of it means here what it means to a fresh verification.
 */
export class VerifiedTokens {
  private readonly entries = new Map<string, Entry>();
  constructor(private readonly clock: Clock, private readonly maxEntries = MAX_ENTRIES) {}

  find(key: string): Principal | null {
    const entry = this.entries.get(key);
    if (entry === undefined) return null;
    this.entries.delete(key);
    const wall = this.clock.wall();
    if (this.clock.monotonic() - entry.cachedAt >= MAX_AGE_MS || wall < entry.from || wall >= entry.until) return null;
    this.entries.set(key, entry);
    return entry.principal;
  }

  keep(key: string, principal: Principal, validity: Validity): void {
    this.entries.delete(key);
    this.entries.set(key, { principal, ...validity, cachedAt: this.clock.monotonic() });
    if (this.entries.size <= this.maxEntries) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

export const tokenKey = (token: string): string => hash('sha256', token, 'base64');
