import { eventBytes } from './record.js';
import type { StoredEvent } from './record.js';

/** The last events, bounded in number and bytes, so that live delivery needs no query. Complete after `floor`. */
export class RecentEvents {
  #events: StoredEvent[] = [];
  #bytes = 0;
  #floor: number;

  constructor(private readonly maxEvents: number, private readonly maxBytes: number, floor: number) {
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  push(events: readonly StoredEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += eventBytes(event);
    }
    // Twice the number is kept before any is let go of: cutting an array costs its length.
    if (this.#events.length <= this.maxEvents * 2 && this.#bytes <= this.maxBytes * 2) return;
    let bytes = 0;
    let start = this.#events.length;
    for (let event = this.#events[start - 1]; event !== undefined && this.#events.length - start < this.maxEvents; event = this.#events[start - 1]) {
      if (bytes + eventBytes(event) > this.maxBytes) break;
      bytes += eventBytes(event);
      start -= 1;
    }
    this.#floor = this.#events[start - 1]?.position ?? this.#floor;
    this.#events = this.#events.slice(start);
    this.#bytes = bytes;
  }

  /** Up to `limit` events after a position that is not below `floor`. */
  after(position: number, limit: number): readonly StoredEvent[] {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low, low + limit);
  }
}
