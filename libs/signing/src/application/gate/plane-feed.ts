import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { RelyingParty, Sightings } from '#identity/contract.js';
import { controlPlaneStream } from '#administration/contract.js';
import { hashOfEvent } from '../sign/store-behind.js';
import type { ChainHeads } from './chain-heads.js';
import { BEGINNING } from './chain-steps.js';
import type { ChainSteps, Verified } from './chain-steps.js';
import { Directories } from './directories.js';
import type { Plane } from './plane.js';
import { PlaneHistory } from './plane-history.js';

const PAGE = 500;

/** What is verified so far, with every state that there was. */
interface Followed {
  readonly verified: Verified;
  readonly eventId: string | undefined;
  /** What signers have seen of it, and the store does not have. */
  readonly lacks: string | undefined;
  readonly history: PlaneHistory;
}

/** What is not promised: `detail` is fit for people. */
export interface PlaneWarning {
  readonly code: 'NO_GENESIS' | 'CONTROL_PLANE_BROKEN' | 'ACTS_UNCOUNTED';
  readonly detail: string;
}

export interface PlaneFeedOptions {
  readonly store: EventStore;
  readonly deployment: string;
  readonly steps: ChainSteps;
  readonly heads: ChainHeads;
  readonly sightings: Pick<Sightings, 'seen' | 'accounts' | 'follow'>;
  /** Where no genesis says it. */
  readonly relying: RelyingParty;
}

/**
 * The control plane of a signer: its one stream read from its beginning and verified event by event, then followed (rules 21, 22). Nothing of it is kept over a start:
 * a signer that begins believes no snapshot.
 */
export class PlaneFeed {
  private followed: Followed | undefined;
  private loading: Promise<Followed> | undefined;
  private plane: Plane | undefined;
  private doubts = 0;
  /** Of the control plane. */
  readonly stream: string;
  private readonly directories: Directories;

  constructor(private readonly options: PlaneFeedOptions) {
    this.stream = controlPlaneStream(options.deployment);
    this.directories = new Directories(options.sightings);
  }

  /** The store was away, and may be another one: all of it is read and verified anew (rule 12). */
  doubt(): void {
    this.doubts += 1;
    this.followed = undefined;
    this.loading = undefined;
    this.plane = undefined;
  }

  /** An event of the log, in its order. @throws StoreUnavailableError */
  async follow(event: RecordedEvent): Promise<void> {
    this.options.sightings.follow(event);
    if (event.stream !== this.stream) return;
    const { verified, eventId } = await this.load();
    // Broken, it stays so until it is read anew.
    if (event.revision < verified.chain.revision || event.id === eventId || verified.fault !== undefined) return;
    // Another event in the place of the last one, or a gap in what was brought: what stands there now is read.
    if (event.revision !== verified.chain.revision + 1) this.doubt();
    await this.refresh();
  }

  /** As the leader has it now. @throws StoreUnavailableError */
  async refresh(): Promise<void> {
    const { doubts } = this;
    const next = await this.read(await this.load());
    if (doubts !== this.doubts) return this.refresh();
    // Another reader may have come further meanwhile.
    if (next.verified.fault === undefined && next.lacks === undefined && next.verified.chain.revision <= (this.followed?.verified.chain.revision ?? -1)) return;
    this.followed = next;
    this.plane = undefined;
  }

  /** As far as it was read. @throws StoreUnavailableError */
  current(): Plane | Promise<Plane> {
    if (this.followed !== undefined && this.options.steps.canNote(this.followed.verified)) this.doubt();
    return this.plane ?? this.load().then((followed) => (this.plane ??= this.planeOf(this.followed ?? followed)));
  }

  /** What is not promised (rule 22); undefined: all of it is. */
  warning(): PlaneWarning | undefined {
    const verified = this.followed?.verified;
    const fault = verified === undefined ? undefined : verified.fault ?? this.options.steps.missing(verified);
    if (fault !== undefined) return { code: 'CONTROL_PLANE_BROKEN', detail: `${fault}: nothing is signed` };
    const unpinned = this.options.steps.unpinned(verified);
    if (unpinned !== undefined) return { code: 'NO_GENESIS', detail: unpinned };
    const uncounted = verified?.chain.uncounted.at(-1);
    return uncounted === undefined ? undefined : { code: 'ACTS_UNCOUNTED', detail: `the signer does not count every act of the control plane; the last one is at revision ${uncounted.revision}: ${uncounted.detail}` };
  }

  private load(): Promise<Followed> {
    if (this.followed !== undefined) return Promise.resolve(this.followed);
    if (this.loading !== undefined) return this.loading;
    const { doubts } = this;
    const loading = this.readAll().then(
      // Doubted meanwhile: what was read is not kept, and whoever waited asks again.
      (followed) => (doubts === this.doubts ? (this.followed ??= followed) : this.load()),
      (error: unknown) => {
        if (doubts === this.doubts) this.loading = undefined;
        throw error;
      },
    );
    this.loading = loading;
    return loading;
  }

  private async readAll(): Promise<Followed> {
    const { store, steps, heads } = this.options;
    await heads.begin();
    const [last] = await store.readStream(this.stream, { limit: 1, direction: 'backward' });
    await steps.begin(last?.revision ?? -1);
    return this.read({ verified: BEGINNING, eventId: undefined, lacks: undefined, history: PlaneHistory.from(BEGINNING.chain.state, BEGINNING.chain.since) });
  }

  /** What comes behind what is known, verified: nothing more once the chain is broken. */
  private async read(from: Followed): Promise<Followed> {
    const { steps, heads } = this.options;
    let followed = from;
    for (let again = false; ; ) {
      const page = await this.options.store.readStream(this.stream, { from: followed.verified.chain.revision + 1, limit: PAGE });
      for (const event of page) {
        if (followed.verified.fault !== undefined) return followed;
        const verified = await steps.next(followed.verified, event);
        if (verified.fault !== undefined) return { ...followed, verified, eventId: event.id };
        const { state, since, revision, head } = verified.chain;
        followed = { verified, eventId: event.id, lacks: followed.lacks ?? (await heads.fault(revision, head ?? '')), history: followed.history.with(state, since) };
      }
      if (page.length === PAGE) continue;
      const { revision } = followed.verified.chain;
      if (followed.lacks !== undefined || !(await heads.goesBeyond(revision))) return followed;
      // Another signer may have seen what came since: it stands there by now.
      if (again && page.length === 0) return { ...followed, lacks: `the control plane ends at revision ${revision}, and signers have seen more of it` };
      again = true;
    }
  }

  private planeOf({ verified, eventId, lacks, history }: Followed): Plane {
    const { deployment, relying, steps } = this.options;
    const { state, revision } = verified.chain;
    const { genesis } = state;
    const fault = verified.fault ?? steps.missing(verified);
    return {
      deployment,
      state,
      fault,
      lacks,
      directory: this.directories.of(state),
      directoryAt: (at) => this.directories.of(history.at(at)),
      between: (from, to) => history.between(from, to),
      head: eventId === undefined || revision < 0 ? undefined : { stream: this.stream, revision, hash: hashOfEvent(eventId) },
      chainHead: verified.chain.head,
      relying: genesis ?? relying,
      origin: genesis?.origin ?? null,
      minimumProof: genesis?.minimumProof ?? 'token',
    };
  }
}
