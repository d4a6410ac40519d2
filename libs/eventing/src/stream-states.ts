import type { DomainEvent } from '#kernel/decider.js';
import type { Decode } from './event-codec.js';
import { StoreUnavailableError } from './event-store.port.js';
import type { EventStore, NewEvent, RecordedEvent } from './event-store.port.js';
import { LruMap } from './lru-map.js';
import type { SnapshotStore } from './snapshot-store.port.js';

/** What a command was answered with: where its last event stands, and for which body. */
export interface EarlierAnswer {
  readonly revision: number;
  readonly bodyDigest: string | null;
}

/** A folded stream, named by (revision, event id) (rule 12). A missing stream has revision -1. */
export interface Folded<S> {
  readonly state: S;
  readonly revision: number;
  readonly eventId: string | null;
  /** When that event was written. */
  readonly at: string | null;
  /** By commandId, of the commands that this kind of stream remembers (rule 3). */
  readonly answers: ReadonlyMap<string, EarlierAnswer>;
  /** How often the store had been doubted when it was read. */
  readonly doubts: number;
}

/** How streams of one kind are folded. */
export interface StreamKind<E extends DomainEvent, S> {
  readonly initialState: S;
  readonly evolve: (state: S, event: E) => S;
  readonly decode: Decode<E>;
  /** Whether a command is recognised by this event when it comes again. Events without a bound on their number are not remembered (rule 4). */
  readonly remembers: (event: E) => boolean;
  /** Whether this event ends what was made before it: commands that were answered with that are decided anew when they come again. */
  readonly forgets?: (event: E) => boolean;
  /** Changes with the shape of S: snapshots of another version are not used. */
  readonly snapshotVersion: string;
  readonly toJson: (state: S) => unknown;
  readonly fromJson: (json: never) => S;
}

/** Events of one read: an event has up to a megabyte, mostly far less. */
const PAGE = 100;
/** A stream is snapshotted when so many events were folded since its last snapshot. An order after a restart has api, signer and worker read up to so many each. */
export const SNAPSHOT_EVERY = 90;

/** Folded streams of one kind: bounded, read once, then only what is newer. */
export class StreamStates<E extends DomainEvent, S> {
  private readonly cache: LruMap<string, Folded<S>>;
  private readonly snapshotAt = new LruMap<string, number>(50_000);
  /** Reads under way with the highest revision offered meanwhile, so that no event is missed. */
  private readonly reading = new Map<string, Set<{ offered: number }>>();
  /** First reads of streams under way: who comes meanwhile gets the same. */
  private readonly loading = new Map<string, Promise<Folded<S>>>();
  /** Looks at the leader that several share: the one under way, and the one after it, which has not begun. */
  private readonly looks = new Map<string, { readonly ended: Promise<void>; next?: Promise<Folded<S>> }>();
  private doubts = 0;
  /** How many events were read from the store so far. */
  eventsRead = 0;

  constructor(
    private readonly store: EventStore,
    private readonly kind: StreamKind<E, S>,
    private readonly options: { readonly capacity: number; readonly snapshots?: SnapshotStore; readonly observe?: (event: RecordedEvent) => void; readonly read?: (events: number) => void },
  ) {
    this.cache = new LruMap(options.capacity);
  }

  /** The store was away, and may be another one when it is back, as an older copy of it: nothing that was read of it before is continued (rule 12). */
  doubt(): void {
    this.doubts += 1;
    this.cache.clear();
    this.snapshotAt.clear();
  }

  /** As far as it is known here; may lie behind the leader. */
  cached(stream: string): Folded<S> | undefined {
    return this.cache.get(stream);
  }

  /** From memory, or read. */
  async load(stream: string): Promise<Folded<S>> {
    const cached = this.cache.get(stream);
    if (cached !== undefined) return cached;
    const begun = this.loading.get(stream);
    if (begun !== undefined) {
      const folded = await begun;
      // That there is no such stream is told only by a look that began after it was asked for (rule 13).
      return folded.revision < 0 ? this.refresh(stream) : folded;
    }
    const reading = this.refresh(stream).finally(() => this.loading.delete(stream));
    this.loading.set(stream, reading);
    // Awaited here, as those who join await it: all go on in the order in which they asked.
    return await reading;
  }

  /**
   * As the leader has it now: what is cached, and what came since.
   * @throws StoreUnavailableError, also when the store lacks what was seen last of this stream: who asks again gets what it has now (rule 12)
   */
  async refresh(stream: string): Promise<Folded<S>> {
    const cached = this.cache.get(stream);
    let folded = cached ?? (await this.fromSnapshot(stream)) ?? this.empty();
    // Read again with what came since: a store that was set back under us has another event there, or none, and what comes behind it does not belong to what is cached.
    let unproven = cached === undefined ? 0 : 1;
    for (;;) {
      const reading = { offered: -1 };
      this.reading.set(stream, (this.reading.get(stream) ?? new Set()).add(reading));
      let page: readonly RecordedEvent[];
      try {
        page = await this.store.readStream(stream, { from: folded.revision + 1 - unproven, limit: PAGE + unproven });
      } finally {
        this.read(stream, reading);
      }
      if (unproven === 1) {
        unproven = 0;
        if (page[0]?.id !== folded.eventId) {
          this.doubt();
          throw new StoreUnavailableError(`${stream}: the event at revision ${folded.revision} is not there any more`);
        }
        page = page.slice(1);
      }
      this.count(page.length);
      folded = page.reduce((f, e) => this.fold(f, e), folded);
      // A subscription told of an event while the page was on its way, which the page does not have: it would not come again.
      if (folded.doubts !== this.doubts) return this.refresh(stream);
      if (page.length < PAGE && reading.offered <= folded.revision) return this.keep(stream, folded);
    }
  }

  /** As `refresh`, by one look for all who ask before it begins; while another is under way it waits for the end of that one. */
  fresh(stream: string): Promise<Folded<S>> {
    const look = this.looks.get(stream);
    if (look === undefined) return this.look(stream);
    look.next ??= look.ended.then(() => this.look(stream));
    return look.next;
  }

  private look(stream: string): Promise<Folded<S>> {
    const answer = this.refresh(stream);
    const look: { ended: Promise<void>; next?: Promise<Folded<S>> } = {
      ended: answer.then(
        () => undefined,
        () => undefined,
      ).then(() => void (look.next === undefined && this.looks.delete(stream))),
    };
    this.looks.set(stream, look);
    return answer;
  }

  /** The state right after `revision`, read anew. */
  async at(stream: string, revision: number): Promise<Folded<S>> {
    let folded = this.empty();
    while (folded.revision < revision) {
      const page = await this.store.readStream(stream, { from: folded.revision + 1, limit: Math.min(PAGE, revision - folded.revision) });
      if (page.length === 0) break;
      folded = page.reduce((f, e) => this.fold(f, e), folded);
    }
    return folded;
  }

  /** Takes over a state that was folded by the caller and is in the store; not one that continues what was read before a doubt. */
  keep(stream: string, folded: Folded<S>): Folded<S> {
    if (folded.doubts !== this.doubts) return folded;
    const present = this.cache.get(stream);
    if (present !== undefined && present.revision > folded.revision) return present;
    if (folded.revision < 0) return folded;
    this.cache.set(stream, folded);
    if (folded.revision - (this.snapshotAt.get(stream) ?? -1) >= SNAPSHOT_EVERY) this.snapshot(stream, folded);
    return folded;
  }

  /** An event that a subscription brought: folded when it is the next of a cached stream. A gap, or another event in the place of the last one, forgets the stream. */
  offer(event: RecordedEvent): void {
    for (const reading of this.reading.get(event.stream) ?? []) reading.offered = Math.max(reading.offered, event.revision);
    const cached = this.cache.get(event.stream);
    if (cached === undefined || event.revision < cached.revision || event.id === cached.eventId) return;
    if (event.revision === cached.revision + 1) this.keep(event.stream, this.fold(cached, event));
    else this.cache.delete(event.stream);
  }

  fold(folded: Folded<S>, recorded: RecordedEvent): Folded<S> {
    this.options.observe?.(recorded);
    const event = this.kind.decode(recorded);
    return this.next(folded, event, recorded);
  }

  /** One event further, without decoding: for events that were just made. */
  next(folded: Folded<S>, event: E, written: Pick<NewEvent, 'id' | 'metadata'>): Folded<S> {
    const revision = folded.revision + 1;
    const { commandId, bodyDigest, at } = written.metadata;
    const standing = this.kind.forgets?.(event) === true ? new Map<string, EarlierAnswer>() : folded.answers;
    // An answer ends with its command's last event, whatever that is: `approved` belongs to the approval that completed the quorum.
    const goesOn = folded.revision >= 0 && standing.get(commandId)?.revision === folded.revision;
    const answers = goesOn || this.kind.remembers(event) ? new Map(standing).set(commandId, { revision, bodyDigest: bodyDigest ?? null }) : standing;
    return { state: this.kind.evolve(folded.state, event), revision, eventId: written.id, at, answers, doubts: folded.doubts };
  }

  private count(events: number): void {
    this.eventsRead += events;
    if (events > 0) this.options.read?.(events);
  }

  private read(stream: string, reading: { offered: number }): void {
    const others = this.reading.get(stream);
    others?.delete(reading);
    if (others?.size === 0) this.reading.delete(stream);
  }

  private empty(): Folded<S> {
    return { state: this.kind.initialState, revision: -1, eventId: null, at: null, answers: new Map(), doubts: this.doubts };
  }

  private snapshot(stream: string, folded: Folded<S>): void {
    if (this.options.snapshots === undefined || folded.eventId === null) return;
    this.snapshotAt.set(stream, folded.revision);
    const state = JSON.stringify({ state: this.kind.toJson(folded.state), answers: [...folded.answers] });
    this.options.snapshots.save({ stream, revision: folded.revision, eventId: folded.eventId, version: this.kind.snapshotVersion, state });
  }

  /** Used only when its event is still there. */
  private async fromSnapshot(stream: string): Promise<Folded<S> | undefined> {
    const snapshot = this.options.snapshots?.load(stream);
    if (snapshot === undefined || snapshot.version !== this.kind.snapshotVersion) return undefined;
    const { doubts } = this;
    const [event] = await this.store.readStream(stream, { from: snapshot.revision, limit: 1 });
    if (event?.id !== snapshot.eventId) return undefined;
    this.options.observe?.(event);
    this.count(1);
    this.snapshotAt.set(stream, snapshot.revision);
    const { state, answers } = JSON.parse(snapshot.state) as { state: never; answers: [string, EarlierAnswer][] };
    return { state: this.kind.fromJson(state), revision: snapshot.revision, eventId: snapshot.eventId, at: event.metadata.at, answers: new Map(answers), doubts };
  }
}
