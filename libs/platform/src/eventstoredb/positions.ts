import type { Position as LogPosition } from '@eventstore/db-client';
import type { Position } from '#eventing/event-store.port.js';

/** What the server's signed 64 bits hold; it tells "none" as all bits set. */
const GREATEST = 2n ** 63n - 1n;

/**
 * The position of an event, all 64 bits of it. Whatever is not written in the explicit transactions of old TCP clients has one position for both.
 * @returns undefined when the server tells none
 */
export const positionOf = (told: LogPosition | undefined): Position | undefined =>
  told === undefined || told.commit > GREATEST || told.commit !== told.prepare ? undefined : told.commit;

export const isPosition = (position: Position): boolean => position >= 0n && position <= GREATEST;

export const toLogPosition = (position: Position): LogPosition => ({ commit: position, prepare: position });
