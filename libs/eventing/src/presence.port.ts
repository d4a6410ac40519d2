import type { Instant } from '#kernel/clock.js';

/** What one process of a deployment tells the others of itself. No evidence: it may be lost, doubled or forgotten at any time. */
export interface PresenceReport {
  readonly kind: 'api' | 'worker' | 'signer';
  /** Unique among the processes of its kind. */
  readonly name: string;
  /** Random, of this process start. */
  readonly incarnation: string;
  /** Why it does not do its work; null when it does. */
  readonly down: string | null;
  /** Its wall clock when it said so. */
  readonly at: Instant;
}

/** Where the processes of a deployment hear of each other. For liveness and for telling people, never for safety (rule 18). */
export interface PresenceBoard {
  /** Tells the others once. @throws StoreUnavailableError */
  report(report: PresenceReport): Promise<void>;
  /** Hands over what others report from now on, and what was told lately before; follows until the signal aborts, whatever breaks. Never rejects. */
  follow(heard: (report: PresenceReport) => void, signal: AbortSignal): Promise<void>;
}

/** How often a process reports, ms; a change is told at once. */
export const PRESENCE_EVERY_MS = 3_000;
/** Who was not heard for so long is taken for dead, ms. */
export const PRESENCE_SILENT_MS = 15_000;
