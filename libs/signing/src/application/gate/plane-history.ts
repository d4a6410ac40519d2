import type { ControlPlaneState } from '#administration/contract.js';
import type { Instant } from '#kernel/clock.js';

interface Moment {
  readonly state: ControlPlaneState;
  /** In force from then on. */
  readonly since: Instant;
}

/** Every state that a control plane had, as a value: a longer one shares what this one holds, so that one event more takes constant time. */
export class PlaneHistory {
  /** The first `length` moments, oldest first, are this history's; what lies behind was added to a later one. */
  private constructor(private readonly shared: Moment[], private readonly length: number) {}

  static from(state: ControlPlaneState, since: Instant): PlaneHistory {
    return new PlaneHistory([{ state, since }], 1);
  }

  /** @param since not earlier than that of the state before */
  with(state: ControlPlaneState, since: Instant): PlaneHistory {
    // Somebody else went on from here: this one goes on by itself.
    const shared = this.shared.length === this.length ? this.shared : this.shared.slice(0, this.length);
    shared.push({ state, since });
    return new PlaneHistory(shared, this.length + 1);
  }

  /** The last one that was in force at this time; before there was any, the first. */
  at(time: Instant): ControlPlaneState {
    return this.moment(Math.max(0, this.after(time) - 1)).state;
  }

  /** All that were in force at some time from `from` to `to`, oldest first; at least one. */
  between(from: Instant, to: Instant): readonly ControlPlaneState[] {
    const first = Math.max(0, this.after(from) - 1);
    return this.shared.slice(first, Math.max(first + 1, this.after(to))).map(({ state }) => state);
  }

  /** How many were in force at this time or before. */
  private after(time: Instant): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.moment(middle).since <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private moment(i: number): Moment {
    const found = this.shared[i];
    if (found === undefined) throw new TypeError('a control plane has a state');
    return found;
  }
}
