import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { STORE_SEALED, STORE_STREAM } from '#eventing/sealed-store.js';
import { CopyRefusedError } from './copy-refused-error.js';

/** Events of one read; the next read is under way while they are worked on. */
const PAGE_EVENTS = 1_000;

/** What says that the history went on elsewhere is about the store that it stands in: no part of the history. */
export const isSeal = (event: Pick<RecordedEvent, 'stream' | 'type'>): boolean => event.stream === STORE_STREAM && event.type === STORE_SEALED;

type Page = { readonly events: readonly RecordedEvent[] } | { readonly error: unknown };

/** Reads a whole store in its order, event by event, without its seals. After its end it goes on when more was written. */
export class History {
  #page: readonly RecordedEvent[] = [];
  #next = 0;
  #read: Position | undefined;
  #ahead: Promise<Page> | undefined;
  #events = 0;
  #seal: RecordedEvent | undefined;

  constructor(private readonly store: EventStore, private readonly signal: AbortSignal) {}

  /** Events that were taken. */
  get events(): number {
    return this.#events;
  }
  /** The seal, when the last event that was looked at is one. */
  get seal(): RecordedEvent | undefined {
    return this.#seal;
  }

  /** The event that `take` would take; undefined at the end. @throws StoreUnavailableError, CopyRefusedError STOPPED */
  async peek(): Promise<RecordedEvent | undefined> {
    for (;;) {
      const event = this.#page[this.#next];
      if (event === undefined) {
        if (!(await this.#turn())) return undefined;
      } else if (isSeal(event)) {
        this.#seal = event;
        this.#next += 1;
      } else {
        return event;
      }
    }
  }

  /** To be called after `peek` gave an event. */
  take(): void {
    this.#seal = undefined;
    this.#next += 1;
    this.#events += 1;
  }

  /** @returns whether there is another page */
  async #turn(): Promise<boolean> {
    if (this.signal.aborted) throw new CopyRefusedError('STOPPED', 'stopped; the same command goes on where it was');
    const page = await (this.#ahead ?? this.#readPage());
    this.#ahead = undefined;
    if ('error' in page) throw page.error;
    const last = page.events.at(-1);
    if (last === undefined) return false;
    this.#page = page.events;
    this.#next = 0;
    this.#read = last.position;
    this.#ahead = this.#readPage();
    return true;
  }

  /** Never rejects: nobody may be waiting for it yet. */
  async #readPage(): Promise<Page> {
    try {
      return { events: await this.store.readAll({ limit: PAGE_EVENTS, ...(this.#read === undefined ? {} : { from: this.#read }) }) };
    } catch (error) {
      return { error };
    }
  }
}

const contentOf = ({ id, stream, revision, type, data, metadata }: RecordedEvent): string => JSON.stringify([id, stream, revision, type, data, metadata]);
/** Equal in all but the position, which is of one store alone. */
export const sameEvent = (a: RecordedEvent, b: RecordedEvent): boolean => a.id === b.id && contentOf(a) === contentOf(b);
export const nameOf = ({ stream, revision }: Pick<RecordedEvent, 'stream' | 'revision'>): string => `${stream}@${revision}`;
