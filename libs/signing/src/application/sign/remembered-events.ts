import type { EventStore } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import type { Clock } from '#kernel/clock.js';
import type { Ledger } from '../ports/ledger.port.js';
import { holdsEvent, StoreBehindError } from './store-behind.js';

/** Streams whose proof is kept. */
const CAPACITY = 20_000;
/** A proof counts for so long. Within it, what this process sees of a stream goes on from what was proven, so that an order reads nothing. */
export const PROOF_LASTS_MS = 60_000;

/** Rule 16: before anything is signed upon a stream, the store must still hold what the ledger remembers of it. */
export class RememberedEvents {
  /** By stream: until when, by the monotonic clock. */
  private proven = new LruMap<string, number>(CAPACITY);
  private readonly proving = new Map<string, Promise<void>>();
  private fault: string | undefined;

  constructor(private readonly store: EventStore, private readonly ledger: Ledger, private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** Why nothing may be signed upon this store any more; undefined when it may. It does not pass by itself. */
  behind(): string | undefined {
    return this.fault;
  }

  /** From now on nothing is signed upon this store. */
  stop(reason: string): void {
    this.fault ??= reason;
  }

  /** @throws StoreBehindError, and what the store and the ledger throw: then nothing is known */
  async prove(streams: readonly string[]): Promise<void> {
    await Promise.all(streams.filter((stream) => !((this.proven.get(stream) ?? Number.NEGATIVE_INFINITY) > this.clock.monotonic())).map((stream) => this.proveOne(stream)));
    if (this.fault !== undefined) throw new StoreBehindError(this.fault);
  }

  /** What was proven may hold no longer: the store was away. */
  forget(): void {
    this.proven = new LruMap(CAPACITY);
    this.proving.clear();
  }

  private proveOne(stream: string): Promise<void> {
    const under = this.proving.get(stream);
    if (under !== undefined) return under;
    const proof: Promise<void> = this.look(stream).finally(() => {
      if (this.proving.get(stream) === proof) this.proving.delete(stream);
    });
    this.proving.set(stream, proof);
    return proof;
  }

  private async look(stream: string): Promise<void> {
    const { proven } = this;
    const since = this.clock.monotonic();
    const remembered = await this.ledger.remembered(stream);
    if (remembered !== undefined && !(await holdsEvent(this.store, remembered))) return this.stop(`${stream} lacks the event at revision ${remembered.revision} that was signed upon`);
    proven.set(stream, since + PROOF_LASTS_MS);
  }
}
