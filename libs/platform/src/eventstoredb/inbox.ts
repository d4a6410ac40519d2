import { START, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { BoundClient } from './client.js';
import { decodeRecord, isVisible } from './event-record.js';
import { CHECKPOINT_WINDOWS, QUEUE_EVENTS, QUEUE_LOW_EVENTS } from './limits.js';
import { positionOf, toLogPosition } from './positions.js';

/** What broke a subscription; undefined when the server just ended it. */
export interface Broken {
  readonly error: unknown;
}

/**
 * Takes the events of one subscription off the connection as they come, up to a bound: a server of the 23.10 line ends a subscription whose
 * events wait there. Events come out in order and once, by position. "Caught up" is told when the server says so, and when everything up to
 * the head of the beginning has come: before 23.10 the server never says so.
 */
export class Inbox {
  readonly #queue: RecordedEvent[] = [];
  readonly #subscription: AllStreamSubscription;
  #last: Position | undefined;
  /** Taken off the connection, hidden ones too. */
  #received = 0;
  /** "Caught up" holds as soon as so many have been received: what the server said it after may still be on the way through the client. */
  #caughtUpAfter: number | undefined;
  /** "Caught up" holds once the consumer has everything up to here; null: at once. */
  #due: Position | null | undefined;
  #head: Position | undefined;
  #broken: Broken | undefined;
  #wake: () => void = () => undefined;

  /** @param head what must have come until it has caught up; undefined when it has already */
  constructor(client: BoundClient, options: { readonly after: Position | undefined; readonly prefixes: readonly string[]; readonly head: Position | undefined }) {
    this.#last = options.after;
    this.#head = options.head;
    const { prefixes } = options;
    const filter = prefixes.length === 0 ? {} : {
      filter: streamNameFilter({
        prefixes: [...prefixes],
        checkpointInterval: CHECKPOINT_WINDOWS,
        checkpointReached: (_, { commit }) => {
          if (this.#head !== undefined && commit >= this.#head) this.#catchUp();
        },
      }),
    };
    const subscription = client.subscribeToAll({ fromPosition: options.after === undefined ? START : toLogPosition(options.after), requiresLeader: true, ...filter });
    this.#subscription = subscription;
    subscription.on('data', (resolved: AllStreamResolvedEvent) => this.#take(resolved));
    subscription.on('caughtUp', () => this.#catchUp());
    subscription.on('error', (error) => this.#break(error));
    subscription.on('end', () => this.#break(undefined));
  }

  /** The last event that was taken off the connection. */
  get last(): Position | undefined {
    return this.#last;
  }
  get broken(): Broken | undefined {
    return this.#broken;
  }

  /** The next events in order; none when none wait. */
  next(batch: number): readonly RecordedEvent[] {
    const events = this.#queue.splice(0, batch);
    if (this.#queue.length <= QUEUE_LOW_EVENTS && this.#subscription.isPaused()) this.#subscription.resume();
    return events;
  }

  /** Whether it caught up, given what the consumer has; told once each time. */
  caughtUp(delivered: Position | undefined): boolean {
    if (this.#due === undefined || (this.#due !== null && (delivered === undefined || delivered < this.#due))) return false;
    this.#due = undefined;
    return true;
  }

  /** Resolves when there is something new, or at once when there is something now. */
  async waiting(): Promise<void> {
    if (this.#queue.length > 0 || this.#due !== undefined || this.#broken !== undefined) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Ends the subscription; who waits goes on. */
  stop(): void {
    this.#break(undefined);
    this.#subscription.unsubscribe().catch(() => undefined);
    this.#subscription.destroy();
  }

  #take({ event }: AllStreamResolvedEvent): void {
    this.#received += 1;
    const position = positionOf(event?.position);
    if (event !== undefined && position !== undefined && (this.#last === undefined || position > this.#last) && this.#broken === undefined) {
      if (isVisible(event)) this.#queue.push(decodeRecord(event));
      this.#last = position;
      if (this.#head !== undefined && position >= this.#head) this.#catchUp();
    }
    if (this.#caughtUpAfter !== undefined && this.#received >= this.#caughtUpAfter) this.#owe();
    if (this.#queue.length >= QUEUE_EVENTS) this.#subscription.pause();
    this.#wake();
  }

  #catchUp(): void {
    this.#head = undefined;
    this.#caughtUpAfter = this.#received + this.#subscription.readableLength;
    if (this.#received >= this.#caughtUpAfter) this.#owe();
    this.#wake();
  }

  #owe(): void {
    this.#caughtUpAfter = undefined;
    this.#due = this.#queue.at(-1)?.position ?? null;
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#wake();
  }
}
