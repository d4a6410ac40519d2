import { checkpointAt } from '#eventing/checkpoint.js';
import { followDurably } from '#eventing/durable-subscription.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { SubscriptionObserver } from '#eventing/subscription-lag.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { ledgerHeadText } from '../accept-store/ledger-head.js';
import { recordAcceptance } from '../accept-store/record-acceptance.js';
import { LedgerUnavailableError } from '../ports/ledger.port.js';
import type { LedgerSigner } from '../ports/ledger.port.js';
import type { AttemptContext } from './attempt.js';
import { isGone } from './recover.js';
import type { Listener } from './recover.js';
import { SignOrdersProcess } from './sign-orders.process.js';
import { StoreBehindError } from './store-behind.js';
import { storeStanding } from './store-standing.js';
import type { StoreStanding } from './store-standing.js';
import { tokensSeen } from './tokens-seen.js';
import type { Turns } from './turns.js';

/** Named for ever. */
const SUBSCRIPTION = 'sign-orders';
const PREFIXES = ['operation-', 'key-', 'signOrder-', 'clock-', 'controlPlane-', 'person-'];
const SWEEP_MS = 10_000;
const HEARTBEAT_MS = 5_000;
const CHECKPOINT_MS = 1_000;
/** How often a signer whose store lies behind looks whether that has changed. */
const LOOK_AGAIN_MS = 2_000;

export interface SignerOptions {
  readonly store: EventStore;
  readonly trustedClock: TrustedClock;
  readonly context: AttemptContext;
  readonly concurrency: number;
  readonly turns: Turns;
  /** How long an order is left to the signer whose turn it is; YIELD_MS unless told. */
  readonly yieldMs?: number;
  /**
   * Called once, when a store that lay behind the ledger may be signed upon again: another signer has to begin in place of this one, with nothing in
   * memory of what it knew.
   */
  readonly resumed: () => void;
  /** Told how the subscription gets on. */
  readonly observe?: SubscriptionObserver;
}

/** Follows the log, signs what is accepted, keeps its name alive in the ledger. */
export class Signer {
  private readonly orders: SignOrdersProcess;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly stopping = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private storeId = '';
  private saved = '';
  private caught = false;
  /** The subscription brings events; not so from its breaking until it brings the next. */
  private connected = true;
  /** The store was found to be the one it was when it was last heard. */
  private proven = true;
  /** How often the subscription broke. */
  private breaks = 0;
  private fault: string | undefined = 'it has not caught up with the event store';
  private unheard: string | undefined;
  /** Monotonic ms from which on the ledger could be reached, time after time. */
  private listeningSince = Number.POSITIVE_INFINITY;
  private acceptedAt: Position | undefined;
  /** Of the acceptance under which it began. */
  private acceptance: string | undefined;
  /** Signers that the ledger knew before this one took its name. */
  private known: readonly LedgerSigner[] = [];
  private behindAtStart = false;
  private head = '';
  private resumed = false;

  constructor(private readonly options: SignerOptions) {
    const { concurrency, turns, yieldMs } = options;
    this.orders = new SignOrdersProcess(options.context, { concurrency, turns, ...(yieldMs === undefined ? {} : { yieldMs }), stopped: () => this.stopped(), listen: () => this.listen() });
  }

  /**
   * Takes its name, finds its place in the log again and begins. An order without an end always lies behind that place.
   * @throws LedgerNameTakenError, and whatever the ledger or the store throw
   */
  async start(): Promise<void> {
    const { store, context } = this.options;
    const { ledger } = context;
    this.known = await ledger.heartbeats();
    await ledger.claimName(context.signer);
    await this.beat();
    this.storeId = await store.storeId();
    this.acceptance = (await ledger.acceptance())?.eventId;
    const standing = await this.standing();
    if (standing.holds) {
      this.acceptedAt = standing.acceptedAt;
      this.follow(standing.after);
    } else {
      // Rules 12, 17: not the store that this ledger has signed for. Nothing is signed until somebody looks.
      this.behindAtStart = true;
      context.remembered.stop(standing.reason);
      await this.lookAgain();
    }
    this.every(HEARTBEAT_MS, () => this.beat());
    this.every(SWEEP_MS, () => this.orders.sweep());
    this.every(CHECKPOINT_MS, () => this.saveCheckpoint());
    this.every(LOOK_AGAIN_MS, () => this.lookAgain());
  }

  /** Why it does not sign; undefined when it does. */
  down(): string | undefined {
    const stopped = this.stopped();
    if (stopped !== undefined) return stopped;
    const hsm = this.options.context.hsm.status();
    return hsm.state === 'down' ? `HSM: ${hsm.reason}` : undefined;
  }

  /** The ledger contradicts the store: nothing is made, signed or ended. */
  isBehind(): boolean {
    return this.options.context.remembered.behind() !== undefined;
  }

  get openOrders(): number {
    return this.orders.openOrders;
  }

  /** Whether another signer, as it wrote an event at `at`, is gone (rule 9). @throws when the ledger can not be read */
  async isGone(name: string, at: Position): Promise<boolean> {
    return isGone(name, at, await this.listen());
  }

  /** Ends what was started, then lets go of its name. Until then it gives signs of life: what still signs is not to be called unknown (rule 9). */
  async stop(): Promise<void> {
    await this.orders.stop();
    for (const timer of this.timers) clearInterval(timer);
    await this.saveCheckpoint().catch(() => undefined);
    this.stopping.abort();
    await this.following;
    await this.options.context.ledger.releaseName(this.options.context.signer).catch(() => undefined);
  }

  /** Why it starts nothing: an order started now would wait for a feed or a ledger that does not come, and after a restart its outcome would be unknown. */
  private stopped(): string | undefined {
    const jumped = this.options.trustedClock.jumped();
    if (jumped !== undefined) return `clock: ${jumped}`;
    const behind = this.options.context.remembered.behind();
    if (behind === undefined) return this.fault ?? this.unheard;
    return `STORE_BEHIND: the event store is not what the signers’ ledger remembers: ${behind}. Nothing is signed until the right store is back, or two administrators have accepted this one by naming the head of the ledger, ${this.head}`;
  }

  private follow(after: Position | undefined): void {
    const { store, observe } = this.options;
    this.following = followDurably({
      store,
      name: SUBSCRIPTION,
      prefixes: PREFIXES,
      after,
      signal: this.stopping.signal,
      handle: (events) => this.handle(events),
      caughtUp: () => this.caughtUp(),
      failed: (error, attempt) => this.broken(error, attempt),
      ...(observe === undefined ? {} : { observe }),
    });
  }

  /** Who can't keep his name alive may be thought dead by others, and can't tell who else is (rule 9). */
  private async beat(): Promise<void> {
    const { ledger, signer, clock, log } = this.options.context;
    try {
      await ledger.heartbeat(signer);
      this.unheard = undefined;
      this.listeningSince = Math.min(this.listeningSince, clock.monotonic());
    } catch (error) {
      this.listeningSince = Number.POSITIVE_INFINITY;
      this.unheard = error instanceof LedgerUnavailableError && error.reason === 'DISK_FULL' ? 'the disk of the ledger is full' : 'the ledger does not answer';
      throw error;
    }
    // Whose turn an order is, is told by what was heard before, where this is not answered.
    await ledger.heartbeats().then((heard) => this.options.turns.heard(heard), (error: unknown) => log({ error }, 'the signs of life in the ledger could not be read'));
    if (this.connected && !this.proven && !this.isBehind()) await this.goOn();
  }

  private async listen(): Promise<Listener> {
    const { ledger, clock } = this.options.context;
    return { heard: await ledger.heartbeats(), listenedMs: clock.monotonic() - this.listeningSince, acceptedAt: this.acceptedAt };
  }

  private async handle(events: readonly RecordedEvent[]): Promise<void> {
    const { context, trustedClock, turns } = this.options;
    this.connected = true;
    if (!this.proven) await this.proveAgain();
    for (const event of events) trustedClock.follow(event);
    // Authority first: an order is judged by states that have seen its reservation.
    await context.authority.offer(events);
    tokensSeen(events, context.authority, turns);
    this.orders.offer(events);
    if (this.caught) this.fault = undefined;
  }

  private caughtUp(): void {
    this.connected = true;
    this.caught = true;
    this.goOn().catch((error: unknown) => this.options.context.log({ error }, 'the event store is back, and could not be looked at; it is tried again'));
  }

  private async goOn(): Promise<void> {
    if (!this.proven) await this.proveAgain();
    this.fault = undefined;
    this.orders.caughtUp();
  }

  private broken(error: unknown, attempt: number): void {
    this.breaks += 1;
    this.connected = false;
    this.proven = false;
    this.options.context.authority.doubt();
    this.fault = error instanceof StoreUnavailableError ? 'the event store does not answer' : 'an event could not be understood; signing stopped';
    this.options.context.log({ error, attempt }, 'the subscription broke');
  }

  /** The store was away, and may be another one now: a backup that was restored under us lacks what was seen or signed upon (rules 12, 17). */
  private async proveAgain(): Promise<void> {
    const { store, context } = this.options;
    const { breaks } = this;
    const { last } = this.orders;
    const seen = last === undefined || (await store.readAt(last.position))?.id === last.id;
    // Also where nothing was seen since the start: what the start relied on.
    const standing = await this.standing();
    if (!seen || !standing.holds) {
      const behind = new StoreBehindError(standing.holds ? 'it lacks the last event that the signer had seen' : standing.reason);
      context.remembered.stop(behind.message);
      this.stopping.abort();
      context.authority.abandon(behind);
      throw behind;
    }
    // Away again meanwhile: what was found was found of the store before.
    if (breaks !== this.breaks) throw new StoreUnavailableError('the event store was away again while it was looked at');
    context.remembered.forget();
    this.proven = true;
  }

  /** Whether this is the store that was signed upon, with the control plane that signers have seen. */
  private async standing(): Promise<StoreStanding> {
    const { store, context } = this.options;
    // First, since what is noted of it moves the ledger's head.
    const lacks = await context.authority.lacks('anew');
    const standing = await storeStanding(store, context.ledger, SUBSCRIPTION, this.known);
    return lacks === undefined || !standing.holds ? standing : { holds: false, reason: lacks };
  }

  /**
   * Whether a store that lay behind may be signed upon. What was found before anything was followed may turn out right by itself, as when the right store was
   * brought back; what an order found does not, since it may have been about any stream.
   */
  private async lookAgain(): Promise<void> {
    const { store, context } = this.options;
    const { ledger, log } = context;
    // An event of the control plane that came since may stand where signers have seen another. What is noted of it moves the head: before people are shown it.
    const lacks = this.proven ? await context.authority.lacks(context.remembered.behind() === undefined ? 'known' : 'further') : undefined;
    if (lacks !== undefined) context.remembered.stop(lacks);
    const reason = context.remembered.behind();
    if (reason === undefined || this.resumed) return;
    const head = ledgerHeadText(ledger.ledgerId, (await ledger.head()).head);
    if (head !== this.head) log({ reason, head }, 'STORE_BEHIND: signing stopped');
    this.head = head;
    const accepted = await recordAcceptance(store, ledger, SUBSCRIPTION, () => context.authority.hearing());
    if (!(await this.standing()).holds) return;
    if (!accepted && !this.behindAtStart && (await ledger.acceptance())?.eventId === this.acceptance) return;
    this.resumed = true;
    log({ accepted }, 'the event store may be signed upon: the signer begins anew');
    this.options.resumed();
  }

  private async saveCheckpoint(): Promise<void> {
    const mark = this.orders.finishedUpTo();
    if (mark === undefined || mark.id === this.saved || this.isBehind()) return;
    await this.options.context.ledger.saveCheckpoint(SUBSCRIPTION, checkpointAt(this.storeId, mark));
    this.saved = mark.id;
  }

  private every(ms: number, run: () => Promise<unknown>): void {
    let busy = false;
    this.timers.push(
      setInterval(() => {
        if (busy) return;
        busy = true;
        run()
          .catch((error: unknown) => this.options.context.log({ error }, 'a periodic step of the signer failed'))
          .finally(() => (busy = false));
      }, ms).unref(),
    );
  }
}
