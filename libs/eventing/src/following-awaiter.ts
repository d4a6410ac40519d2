import { followDurably } from './durable-subscription.js';
import type { EventStore, RecordedEvent } from './event-store.port.js';
import type { ExpectedEvent, StreamAwaiter } from './stream-awaiter.port.js';
import type { SubscriptionObserver } from './subscription-lag.js';

type Wanted = (event: RecordedEvent) => boolean;

interface Waiter {
  readonly fromRevision: number;
  readonly wanted: Wanted;
  /** An event that the subscription brought; kept back while the stream itself is still being looked at, which may have an earlier one. */
  hit: RecordedEvent | undefined;
  looking: boolean;
  end(event: RecordedEvent | undefined): void;
}

export interface FollowingAwaiterOptions {
  readonly store: EventStore;
  /** Categories that can be waited for, as `signOrder-`. */
  readonly prefixes: readonly string[];
  /** Of the subscription, for logs. */
  readonly name?: string;
  readonly waiters?: number;
  readonly batch?: number;
  /** Everything that was there has been seen: once after the start, and again after each reconnection. */
  readonly caughtUp?: () => void;
  /** The subscription broke and will be made anew, or a listener threw. */
  readonly failed?: (error: unknown) => void;
  /** Told how the subscription gets on. */
  readonly observe?: SubscriptionObserver;
}

/** Waits at one time; who comes beyond it does not wait. */
export const MAX_WAITERS = 10_000;
const PAGE = 100;

/** One live subscription from the store's end on, for all who wait in this process and for caches that follow. */
export class FollowingAwaiter implements StreamAwaiter {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly listeners = new Set<(event: RecordedEvent) => void>();
  private readonly capacity: number;
  private count = 0;
  private following: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: FollowingAwaiterOptions) {
    this.capacity = options.waiters ?? MAX_WAITERS;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.count;
  }

  /**
   * Follows from the present end of the store until the signal aborts; then all who wait are answered with nothing.
   * Resolves once the end is known. @throws StoreUnavailableError
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.following !== undefined) throw new TypeError('it follows already');
    const { store, prefixes, name = 'awaiter', batch, caughtUp, failed, observe } = this.options;
    const [last] = await store.readAll({ limit: 1, direction: 'backward' });
    this.following = followDurably({
      store, name, prefixes, signal, after: last?.position,
      ...(batch === undefined ? {} : { batch }),
      ...(caughtUp === undefined ? {} : { caughtUp }),
      ...(failed === undefined ? {} : { failed }),
      ...(observe === undefined ? {} : { observe }),
      handle: (events) => {
        for (const event of events) this.take(event);
        return Promise.resolve();
      },
    }).finally(() => this.endAll());
  }

  /** Resolves when it has stopped following, after the signal given to `start` was aborted. */
  async done(): Promise<void> {
    await this.following;
  }

  /** Hears every event of the prefixes, before those who wait for it go on. @returns ends it */
  onEvent(listener: (event: RecordedEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  until(stream: string, fromRevision: number, timeoutMs: number, wanted: Wanted): Promise<RecordedEvent | undefined> {
    if (timeoutMs <= 0 || this.full()) return this.look(stream, fromRevision, wanted);
    return new Promise((resolve) => {
      const { waiter } = this.enlist(stream, fromRevision, timeoutMs, wanted, true, resolve);
      // Enlisted first, then looked: what comes in between is seen by the one or by the other.
      void this.look(stream, fromRevision, wanted).then((found) => {
        waiter.looking = false;
        const event = found ?? waiter.hit;
        if (event !== undefined) waiter.end(event);
      });
    });
  }

  expect(stream: string, timeoutMs: number, wanted: Wanted): ExpectedEvent {
    if (timeoutMs <= 0 || this.full()) return { event: Promise.resolve(undefined), cancel: () => undefined };
    let cancel = (): void => undefined;
    const event = new Promise<RecordedEvent | undefined>((resolve) => {
      const { waiter } = this.enlist(stream, 0, timeoutMs, wanted, false, resolve);
      cancel = () => waiter.end(undefined);
    });
    return { event, cancel };
  }

  private full(): boolean {
    return this.stopped || this.count >= this.capacity;
  }

  private enlist(stream: string, fromRevision: number, timeoutMs: number, wanted: Wanted, looking: boolean, resolve: (event: RecordedEvent | undefined) => void): { readonly waiter: Waiter } {
    const there = this.waiters.get(stream) ?? new Set<Waiter>();
    const end = (event: RecordedEvent | undefined): void => {
      if (!there.delete(waiter)) return;
      clearTimeout(timer);
      this.count -= 1;
      if (there.size === 0) this.waiters.delete(stream);
      resolve(event);
    };
    const waiter: Waiter = { fromRevision, wanted, hit: undefined, looking, end };
    const timer = setTimeout(() => end(waiter.hit), timeoutMs);
    this.waiters.set(stream, there.add(waiter));
    this.count += 1;
    return { waiter };
  }

  /** One map look-up an event, since most events are waited for by nobody here. */
  private take(event: RecordedEvent): void {
    for (const listener of this.listeners) this.guarded(() => listener(event));
    for (const waiter of this.waiters.get(event.stream) ?? []) this.guarded(() => offer(waiter, event));
  }

  /** What one of them throws is no reason to bring the event to the others again. */
  private guarded(hears: () => void): void {
    try {
      hears();
    } catch (error) {
      this.options.failed?.(error);
    }
  }

  /** What is there already; a store that can't be read is left to the subscription. */
  private async look(stream: string, fromRevision: number, wanted: Wanted): Promise<RecordedEvent | undefined> {
    try {
      for (let from = fromRevision; ; ) {
        const page = await this.options.store.readStream(stream, { from, limit: PAGE });
        const found = page.find(wanted);
        if (found !== undefined || page.length < PAGE) return found;
        from += page.length;
      }
    } catch (error) {
      this.options.failed?.(error);
      return undefined;
    }
  }

  private endAll(): void {
    this.stopped = true;
    for (const waiters of [...this.waiters.values()]) for (const waiter of [...waiters]) waiter.end(waiter.hit);
  }
}

function offer(waiter: Waiter, event: RecordedEvent): void {
  if (event.revision < waiter.fromRevision || waiter.hit !== undefined || !waiter.wanted(event)) return;
  if (waiter.looking) waiter.hit = event;
  else waiter.end(event);
}
