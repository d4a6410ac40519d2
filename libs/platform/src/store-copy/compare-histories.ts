import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { STORE_STREAM } from '#eventing/sealed-store.js';
import { CopyRefusedError } from './copy-refused-error.js';
import { isSeal, nameOf, sameEvent } from './history.js';
import type { History } from './history.js';

/** Reads that wait at once for the check of streams. */
const CONCURRENT_STREAMS = 16;
/** More than what is ever said of a store itself. */
const STORE_EVENTS = 500;

/**
 * Goes through both as far as the target reaches. Afterwards `source` stands at the first event that the target lacks.
 * @param passed told of each event that both have
 * @throws CopyRefusedError TARGET_DIFFERS
 */
export async function passPrefix(source: History, target: History, passed: (event: RecordedEvent) => Promise<void> | undefined): Promise<void> {
  for (let there = await target.peek(); there !== undefined; there = await target.peek()) {
    const here = await source.peek();
    if (here === undefined) throw new CopyRefusedError('TARGET_DIFFERS', `the target holds events that the source does not have, the first of them ${nameOf(there)}: it is not empty, and no copy`);
    if (!sameEvent(here, there)) {
      throw new CopyRefusedError('TARGET_DIFFERS', `event ${source.events + 1} is ${nameOf(here)} in the source and ${nameOf(there)} in the target, or what they hold differs: the target is not empty, and no copy`);
    }
    const waiting = passed(here);
    if (waiting !== undefined) await waiting;
    source.take();
    target.take();
  }
}

/** Reads by their names the streams that a comparison came across: each begins and ends with the same events in both stores. */
export class StreamChecks {
  #waiting: RecordedEvent[] = [];
  #streams = 0;
  constructor(private readonly source: EventStore, private readonly target: EventStore) {}

  get streams(): number {
    return this.#streams;
  }
  /** @param first of a stream @returns something to wait for, now and then @throws (rejects) CopyRefusedError TARGET_DIFFERS */
  add(first: RecordedEvent): Promise<void> | undefined {
    this.#streams += 1;
    this.#waiting.push(first);
    return this.#waiting.length < CONCURRENT_STREAMS ? undefined : this.finish();
  }
  /** @throws CopyRefusedError TARGET_DIFFERS */
  async finish(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.all(waiting.map((first) => this.#check(first)));
  }

  async #check(first: RecordedEvent): Promise<void> {
    const { stream } = first;
    const [[start], end, sourceEnd] = await Promise.all([this.target.readStream(stream, { limit: 1 }), lastOf(this.target, stream), lastOf(this.source, stream)]);
    if (start === undefined || end === undefined || sourceEnd === undefined || !sameEvent(start, first) || !sameEvent(end, sourceEnd)) {
      throw new CopyRefusedError('TARGET_DIFFERS', `the stream ${stream} does not begin and end in the target as it does in the source`);
    }
  }
}

const lastOf = async (store: EventStore, stream: string): Promise<RecordedEvent | undefined> =>
  (await store.readStream(stream, { limit: stream === STORE_STREAM ? STORE_EVENTS : 1, direction: 'backward' })).find((event) => !isSeal(event));
