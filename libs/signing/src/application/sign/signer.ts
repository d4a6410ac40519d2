import { checkpointAt, CheckpointLostError, resumeAfter } from '#eventing/checkpoint.js';
import { followDurably } from '#eventing/durable-subscription.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import type { AttemptContext } from './attempt.js';
import { SignOrdersProcess } from './sign-orders.process.js';

/** Named for ever. */
const SUBSCRIPTION = 'sign-orders';
const PREFIXES = ['operation-', 'key-', 'signOrder-', 'clock-'];
const SWEEP_MS = 10_000;
const HEARTBEAT_MS = 5_000;
const CHECKPOINT_MS = 1_000;

export interface SignerOptions {
  readonly store: EventStore;
  readonly trustedClock: TrustedClock;
  readonly context: AttemptContext;
  readonly concurrency: number;
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
  private fault: string | undefined = 'it has not caught up with the event store';
  private unheard: string | undefined;
  /** Monotonic ms from which on the ledger could be reached, time after time. */
  private listeningSince = Number.POSITIVE_INFINITY;

  constructor(private readonly options: SignerOptions) {
    this.orders = new SignOrdersProcess(options.context, { concurrency: options.concurrency, stopped: () => this.stopped(), listenedMs: () => options.context.clock.monotonic() - this.listeningSince });
  }

  /**
   * Takes its name, finds its place in the log again and begins. An order without an end always lies behind that place.
   * @throws LedgerNameTakenError, and whatever the ledger or the store throw
   */
  async start(): Promise<void> {
    const { store, context } = this.options;
    await context.ledger.claimName(context.signer);
    await this.beat();
    this.storeId = await store.storeId();
    const checkpoint = await context.ledger.checkpoint(SUBSCRIPTION);
    try {
      const after = await resumeAfter(store, SUBSCRIPTION, checkpoint);
      this.following = followDurably({
        store,
        name: SUBSCRIPTION,
        prefixes: PREFIXES,
        after,
        signal: this.stopping.signal,
        handle: (events) => this.handle(events),
        caughtUp: () => this.caughtUp(),
        failed: (error, attempt) => this.broken(error, attempt),
      });
    } catch (error) {
      if (!(error instanceof CheckpointLostError)) throw error;
      // Rule 12: not the store that this ledger has signed for. Nothing is signed until somebody looks.
      this.fault = 'the event store does not hold what this signer has seen (CHECKPOINT_LOST)';
      context.log({ error }, 'signing stopped');
    }
    this.every(HEARTBEAT_MS, () => this.beat());
    this.every(SWEEP_MS, () => this.orders.sweep());
    this.every(CHECKPOINT_MS, () => this.saveCheckpoint());
  }

  /** Why it does not sign; undefined when it does. */
  down(): string | undefined {
    const stopped = this.stopped();
    if (stopped !== undefined) return stopped;
    const hsm = this.options.context.hsm.status();
    return hsm.state === 'down' ? `HSM: ${hsm.reason}` : undefined;
  }

  /** Why it starts nothing: an order started now would wait for a feed or a ledger that does not come, and after a restart its outcome would be unknown. */
  private stopped(): string | undefined {
    const jumped = this.options.trustedClock.jumped();
    return jumped === undefined ? (this.fault ?? this.unheard) : `clock: ${jumped}`;
  }

  get openOrders(): number {
    return this.orders.openOrders;
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

  /** Who can't keep his name alive may be thought dead by others, and can't tell who else is (rule 9). */
  private async beat(): Promise<void> {
    const { ledger, signer, clock } = this.options.context;
    try {
      await ledger.heartbeat(signer);
      this.unheard = undefined;
      this.listeningSince = Math.min(this.listeningSince, clock.monotonic());
    } catch (error) {
      this.listeningSince = Number.POSITIVE_INFINITY;
      this.unheard = 'the ledger does not answer';
      throw error;
    }
  }

  private handle(events: readonly RecordedEvent[]): Promise<void> {
    const { context, trustedClock } = this.options;
    for (const event of events) trustedClock.follow(event);
    // Authority first: an order is judged by states that have seen its reservation.
    context.authority.offer(events);
    this.orders.offer(events);
    if (this.caught) this.fault = undefined;
    return Promise.resolve();
  }

  private caughtUp(): void {
    this.caught = true;
    this.fault = undefined;
    this.orders.caughtUp();
  }

  private broken(error: unknown, attempt: number): void {
    this.fault = error instanceof StoreUnavailableError ? 'the event store does not answer' : 'an event could not be understood; signing stopped';
    this.options.context.log({ error, attempt }, 'the subscription broke');
  }

  private async saveCheckpoint(): Promise<void> {
    const mark = this.orders.finishedUpTo();
    if (mark === undefined || mark.id === this.saved) return;
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
