import type { Actor } from '#kernel/actor.js';

/** An event as the audit trail shows it, taken from the event store itself. */
export interface TrailItem {
  /** Decimal. */
  readonly position: string;
  readonly stream: string;
  /** Decimal. */
  readonly revision: string;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly actor: Actor;
  readonly data: unknown;
}
