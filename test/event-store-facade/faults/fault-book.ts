import type { FaultAction, FaultOrder, FaultPoint } from './fault.js';

/** A fault that was ordered. */
export interface OrderedFault extends FaultOrder {
  readonly id: string;
  /** Calls that it was about, befallen or not. */
  readonly matched: number;
  /** Calls that it befell. */
  readonly fired: number;
}

interface Entry {
  readonly order: FaultOrder;
  matched: number;
  fired: number;
}
/** How many events of one subscription each fault has matched: counted for each subscription, whatever others get. */
export type EventCounts = Map<string, number>;

/** The faults in the order in which they were ordered. */
export class FaultBook {
  readonly #entries = new Map<string, Entry>();
  #next = 1;
  #unavailableUntil = 0;

  /** @returns its id */
  add(order: FaultOrder): string {
    const id = `fault-${this.#next}`;
    this.#next += 1;
    this.#entries.set(id, { order, matched: 0, fired: 0 });
    return id;
  }

  /** Whether it was there. */
  remove(id: string): boolean {
    return this.#entries.delete(id);
  }

  /** Takes everything back, an outage too. */
  clear(): void {
    this.#entries.clear();
    this.#unavailableUntil = 0;
  }

  list(): readonly OrderedFault[] {
    return [...this.#entries].map(([id, { order, matched, fired }]) => ({ ...order, id, matched, fired }));
  }

  /** How often a fault befell something; 0 for one that is not there. */
  fired(id: string): number {
    return this.#entries.get(id)?.fired ?? 0;
  }

  unavailableFor(ms: number): void {
    this.#unavailableUntil = performance.now() + ms;
  }
  get unavailable(): boolean {
    return this.#unavailableUntil > 0 && performance.now() < this.#unavailableUntil;
  }

  /** What befalls a call. @param streams its stream, or the prefixes of a filter @param types of its events */
  strike(on: FaultPoint, streams: readonly string[], types: readonly string[] = []): readonly FaultAction[] {
    return this.#strike(on, streams, types, (entry) => (entry.matched += 1));
  }

  /** What befalls an event on its way to a subscription. */
  strikeEvent(counts: EventCounts, stream: string, type: string): readonly FaultAction[] {
    return this.#strike('event', [stream], [type], (entry, id) => {
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      entry.matched += 1;
      return count;
    });
  }

  #strike(on: FaultPoint, streams: readonly string[], types: readonly string[], countOf: (entry: Entry, id: string) => number): readonly FaultAction[] {
    if (this.#entries.size === 0) return NOTHING;
    const actions: FaultAction[] = [];
    for (const [id, entry] of this.#entries) {
      const { order } = entry;
      if (order.on !== on || !matches(order, streams, types)) continue;
      const count = countOf(entry, id);
      const { nth = 1, times = 1 } = order;
      // Each subscription counts its events anew: what bounds those is how often the fault came true at all.
      const over = times > 0 && (on === 'event' ? entry.fired >= times : count >= nth + times);
      if (count < nth || over) continue;
      entry.fired += 1;
      actions.push(order.action);
    }
    return actions;
  }
}

const NOTHING: readonly FaultAction[] = [];
const matches = ({ stream, type }: FaultOrder, streams: readonly string[], types: readonly string[]): boolean =>
  (stream === undefined || streams.some((name) => name.startsWith(stream))) && (type === undefined || types.includes(type));
