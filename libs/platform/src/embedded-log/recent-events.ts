import type { WireEvent } from './protocol.js';

export const eventBytes = (event: WireEvent): number => event[1].length + event[3].length + event[4].length + event[5].length + event[6].length;

/** Whether the stream's name starts with one of the prefixes; without any, every stream does. */
export const matches = (stream: string, prefixes: readonly string[]): boolean => prefixes.length === 0 || prefixes.some((prefix) => stream.startsWith(prefix));

/** The last events of the log, bounded by number and bytes, so that live delivery needs no query. Complete for everything after `floor`. */
export class RecentEvents {
  #events: WireEvent[] = [];
  /** Index of the first event that still counts: removing from the front of an array one by one would be slow. */
  #start = 0;
  #bytes = 0;
  #floor: number;

  constructor(private readonly maxEvents: number, private readonly maxBytes: number, floor: number) {
    this.#floor = floor;
  }

  /** Every event with a greater position is here. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  push(events: readonly WireEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += eventBytes(event);
    }
    while (this.size > 0 && (this.size > this.maxEvents || this.#bytes > this.maxBytes)) this.#dropFirst();
    // Half of the array is gone: copying the rest costs each event once on average, and lets go of what was dropped.
    if (this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Empties it: what is known from now on is what comes after `floor`. */
  reset(floor: number): void {
    this.#events = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#floor = floor;
  }

  /** The events after a position that is not below `floor`, oldest first. */
  *after(position: number): Generator<WireEvent> {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.[0] ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    for (let index = low; index < this.#events.length; index += 1) {
      const event = this.#events[index];
      if (event !== undefined) yield event;
    }
  }

  #dropFirst(): void {
    const first = this.#events[this.#start];
    this.#start += 1;
    if (first === undefined) return;
    this.#bytes -= eventBytes(first);
    this.#floor = first[0];
  }
}
