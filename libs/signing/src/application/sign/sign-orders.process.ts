import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import { within } from '#eventing/trace.port.js';
import { attempt, notSigned, RETRY_FOR_MS } from './attempt.js';
import type { AttemptContext } from './attempt.js';
import { refused } from './authority.js';
import { FixedDelay } from './fixed-delay.js';
import type { OpenOrder, OrderHead } from './open-order.js';
import { OpenOrders } from './open-orders.js';
import type { Mark, TrackedOrder } from './open-orders.js';
import { recover } from './recover.js';
import type { Listener } from './recover.js';
import type { Turns } from './turns.js';

const ACQUIRE_MS = 5_000;
const AGAIN_AFTER_MS = 250;
/** An order whose time comes within this is looked at again and again; the sweep comes as often as that. */
const WATCHED_MS = 10_000;
/** An order that is another signer's turn is taken by this one when nobody has started it for so long. */
export const YIELD_MS = 1_000;
/** A key that this token does not hold is not looked for again before. */
const ABSENT_FOR_MS = 60_000;
const ABSENT_KEYS = 10_000;

export interface SignOrdersOptions {
  readonly concurrency: number;
  readonly turns: Turns;
  /** Default YIELD_MS. */
  readonly yieldMs?: number;
  /** Why nothing is started now. */
  readonly stopped: () => string | undefined;
  /** What is known of other signers' silence now. @throws when the ledger can not be read */
  readonly listen: () => Promise<Listener>;
}

/**
 * Takes every accepted order to its end: a process manager over the log. Orders are taken in their order, as many at once as there are sessions; of several
 * signers each leaves to the others what is their turn (rule 18). Nothing is signed before the past is known: it starts with `caughtUp`.
 */
export class SignOrdersProcess {
  private readonly open: OpenOrders;
  private readonly queue: TrackedOrder[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly deferred: FixedDelay<TrackedOrder>;
  private readonly later = new FixedDelay<TrackedOrder>(AGAIN_AFTER_MS, (orders) => this.again(orders));
  /** By keyId: when this token was last found without it, by the monotonic clock. */
  private readonly absent = new LruMap<string, number>(ABSENT_KEYS);
  /** Orders whose turn is being found out, one after the other so that they keep their order. */
  private assigning: Promise<void> = Promise.resolve();
  private unassigned = 0;
  private live = false;

  constructor(private readonly context: AttemptContext, private readonly options: SignOrdersOptions) {
    this.open = new OpenOrders(() => context.clock.monotonic());
    this.deferred = new FixedDelay(options.yieldMs ?? YIELD_MS, (orders) => this.undefer(orders));
  }

  /** Events in the order of the log; a redelivered one changes nothing. */
  offer(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const order = this.open.offer(event);
      if (order !== undefined && this.live) this.assign(order);
    }
    this.pump();
  }

  /** The past is known. Called again, it changes nothing. */
  caughtUp(): void {
    if (this.live) return;
    this.live = true;
    void this.sweep();
  }

  /** Looks at every order without an end, whatever the checkpoints say (rule 9): takes up what nobody started, ends what its signer left. */
  async sweep(): Promise<void> {
    if (!this.live) return;
    let listener: Listener | undefined;
    for (const tracked of this.open.all()) {
      const { order, lock, busy } = tracked;
      if (lock === undefined) this.assign(tracked);
      else if (!busy) {
        tracked.busy = true;
        try {
          listener ??= await this.options.listen();
          const heard = listener;
          await this.traced(order, 'recover order', async () => recover(await this.whole(tracked), lock, this.context, heard));
        } catch (error) {
          this.context.log({ signOrderId: order.signOrderId, error }, 'an order could not be recovered; the next sweep tries again');
        } finally {
          tracked.busy = false;
        }
      }
    }
    this.pump();
  }

  finishedUpTo(): Mark | undefined {
    return this.open.finishedUpTo();
  }

  /** The last event that was seen; undefined: none. */
  get last(): Mark | undefined {
    return this.open.last;
  }

  get openOrders(): number {
    return this.open.size;
  }

  /** Takes nothing more; resolves when what was started has its end. */
  async stop(): Promise<void> {
    this.live = false;
    this.deferred.clear();
    this.later.clear();
    await this.assigning;
    this.queue.length = 0;
    await Promise.all(this.running);
  }

  /** To the queue, now or when the others have had their time. */
  private assign(tracked: TrackedOrder): void {
    if (tracked.queued || tracked.busy || tracked.assigned || tracked.lock !== undefined) return;
    if (this.unassigned === 0 && this.options.turns.alone) return this.enqueue(tracked);
    tracked.assigned = true;
    this.unassigned += 1;
    this.assigning = this.assigning.then(() => this.findTurn(tracked)).finally(() => (this.unassigned -= 1));
  }

  private async findTurn(tracked: TrackedOrder): Promise<void> {
    const { order } = tracked;
    // A key that can't be read now is nobody's turn: it is tried like another's.
    const mine = await this.context.authority.keyOf(order).then(({ tokenSerial }) => this.options.turns.isMine(order.operationId, tokenSerial), () => false);
    if (!this.live) return;
    if (!mine) return this.deferred.add(tracked);
    tracked.assigned = false;
    this.enqueue(tracked);
    this.pump();
  }

  private undefer(orders: readonly TrackedOrder[]): void {
    for (const tracked of orders) {
      tracked.assigned = false;
      if (this.live && this.open.get(tracked.order.signOrderId) === tracked) this.enqueue(tracked);
    }
    this.pump();
  }

  private enqueue(tracked: TrackedOrder): void {
    if (tracked.queued || tracked.busy || tracked.lock !== undefined) return;
    tracked.queued = true;
    this.queue.push(tracked);
  }

  private pump(): void {
    while (this.live && this.running.size < this.options.concurrency) {
      const tracked = this.queue.shift();
      if (tracked === undefined) return;
      tracked.queued = false;
      if (tracked.lock !== undefined || this.open.get(tracked.order.signOrderId) !== tracked) continue;
      tracked.busy = true;
      const run = this.take(tracked).finally(() => {
        tracked.busy = false;
        this.running.delete(run);
        this.pump();
      });
      this.running.add(run);
    }
  }

  private async take(tracked: TrackedOrder): Promise<void> {
    const { order, since } = tracked;
    const { log, clock } = this.context;
    try {
      const result = await this.traced(order, 'sign order', () => this.tryOnce(tracked));
      if (typeof result !== 'string') return this.wait(tracked, Date.parse(result.waits) - clock.wall());
      if (result !== 'later') return;
      if (this.options.stopped() === undefined && clock.monotonic() - since > RETRY_FOR_MS && (await this.mayFail(order))) return await this.end(order, refused('HSM_UNAVAILABLE', 'the HSM did not come back in time'));
      this.later.add(tracked);
    } catch (error) {
      log({ signOrderId: order.signOrderId, error }, 'an attempt broke; the next sweep looks at its order again');
    }
  }

  /** Its time has not come. A long wait is looked at by every sweep; it fails when the operation's window is over. */
  private wait(tracked: TrackedOrder, ms: number): void {
    if (!(ms > WATCHED_MS)) this.later.add(tracked);
  }

  /** A step of the trace that the order came with; what is written of the order carries it on. */
  private traced<T>({ traceparent, operationId, signOrderId, keyId, algorithm, count }: OrderHead, name: string, work: () => Promise<T>): Promise<T> {
    const { signer, stream } = this.context;
    if (traceparent === undefined) return work();
    const attributes = { 'countersign.operation_id': operationId, 'countersign.sign_order_id': signOrderId, 'countersign.key_id': keyId, 'countersign.algorithm': algorithm, 'countersign.count': count, 'countersign.signer': signer.name };
    return within(stream.tracer, name, { parent: traceparent, kind: 'consumer', attributes }, work);
  }

  private async whole({ order, whole }: TrackedOrder): Promise<OpenOrder> {
    return whole ?? this.context.stream.whole(order);
  }

  private async tryOnce(tracked: TrackedOrder): Promise<'done' | 'later' | { readonly waits: string }> {
    if (this.options.stopped() !== undefined) return 'later';
    const order = await this.whole(tracked);
    // What can't be signed any more is told without the HSM: an order never waits for a lost token to learn that it is over.
    const verdict = await this.context.authority.judge(order);
    if (!verdict.holds && verdict.waits !== undefined) return { waits: verdict.waits };
    if (!verdict.holds && verdict.code !== 'HSM_UNAVAILABLE') {
      await this.end(order, verdict);
      return 'done';
    }
    if (this.isAbsent(order.keyId)) return 'done';
    const session = await this.context.hsm.acquire(ACQUIRE_MS).catch(() => undefined);
    if (session === undefined) return 'later';
    try {
      const result = await attempt(order, session, this.context);
      // Another token has it: its signer takes the order. Looked for again by a later sweep, since a key can be brought here.
      if (result === 'not-here') this.absent.set(order.keyId, this.context.clock.monotonic());
      return result === 'later' ? 'later' : 'done';
    } finally {
      session.release();
    }
  }

  private isAbsent(keyId: string): boolean {
    return this.context.clock.monotonic() - (this.absent.get(keyId) ?? Number.NEGATIVE_INFINITY) < ABSENT_FOR_MS;
  }

  /** Only a signer of the token that has the key may say that the HSM is not there (rule 18); one that never saw its token, when there is no other signer. */
  private async mayFail(order: OrderHead): Promise<boolean> {
    const { tokenSerial, alone } = this.options.turns;
    return tokenSerial === undefined ? alone : tokenSerial === (await this.context.authority.keyOf(order)).tokenSerial;
  }

  /** At NO_STREAM: whoever has started it meanwhile, keeps it (rule 2). */
  private async end(order: OrderHead, why: ReturnType<typeof refused>): Promise<void> {
    await this.context.stream.append(order.signOrderId, 'no-stream', notSigned(order, this.context, why));
  }

  private again(orders: readonly TrackedOrder[]): void {
    for (const tracked of orders) if (this.live && this.open.get(tracked.order.signOrderId) === tracked) this.enqueue(tracked);
    this.pump();
  }
}
