import type { Clock } from '#kernel/clock.js';

/** The operating system's clocks. */
export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };
