import type { Position } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';

/** How far the rows are, in the thread that writes them and, told by messages, in those that read them. */
export interface ReadModelState {
  /** Position of the last event whose effect is committed; undefined before the first. */
  readonly applied: Position | undefined;
  /** Everything that was there at the start, or at the last rebuild's, has been committed. */
  readonly caughtUp: boolean;
  /** Delivered and not committed yet: at least so many are behind. */
  readonly waitingEvents: number;
  /** `at` of the last committed event. */
  readonly appliedAt: string | undefined;
}

interface Waiter {
  readonly position: Position;
  readonly done: (reached: boolean) => void;
}

export class ReadModelProgress {
  #state: ReadModelState = { applied: undefined, caughtUp: false, waitingEvents: 0, appliedAt: undefined };
  #waiters = new Set<Waiter>();
  #called: () => void = () => undefined;

  get state(): ReadModelState {
    return this.#state;
  }

  update(change: Partial<ReadModelState>): void {
    this.#state = { ...this.#state, ...change };
    for (const waiter of this.#waiters) if (this.#has(waiter.position)) waiter.done(true);
  }

  /** @returns whether the rows have the event at `position`, after at most `ms` */
  waitFor(position: Position, ms: number): Promise<boolean> {
    if (this.#has(position)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (reached: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(reached);
      };
      const timer = setTimeout(() => done(false), ms);
      const waiter = { position, done };
      this.#waiters.add(waiter);
      this.#called();
    });
  }

  /** For who looks how far the rows are: resolves after `ms`, or when somebody begins to wait for them; at once while somebody waits. */
  async untilWaited(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#waiters.size > 0) return;
    const called = new AbortController();
    this.#called = () => called.abort();
    await pause(ms, AbortSignal.any([signal, called.signal]));
    this.#called = () => undefined;
  }

  /** `seconds`: since the last committed event was written; 0 when nothing waits, null before the first one of a start that is behind. */
  lag(nowMs: number): { readonly events: number; readonly seconds: number | null } {
    const { caughtUp, waitingEvents, appliedAt } = this.#state;
    const since = appliedAt === undefined ? null : Math.max(0, (nowMs - Date.parse(appliedAt)) / 1000);
    return { events: waitingEvents, seconds: caughtUp && waitingEvents === 0 ? 0 : since };
  }

  #has(position: Position): boolean {
    return this.#state.applied !== undefined && this.#state.applied >= position;
  }
}
