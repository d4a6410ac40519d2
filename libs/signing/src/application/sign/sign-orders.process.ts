import { pause } from '#eventing/durable-subscription.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { within } from '#eventing/trace.port.js';
import type { FailureCode } from '../../domain/sign-order/events.js';
import { attempt, notSigned, RETRY_FOR_MS } from './attempt.js';
import type { AttemptContext } from './attempt.js';
import type { OpenOrder } from './open-order.js';
import { OpenOrders } from './open-orders.js';
import type { Mark, TrackedOrder } from './open-orders.js';
import { recover } from './recover.js';

const ACQUIRE_MS = 5_000;
const AGAIN_AFTER_MS = 250;

/**
 * Takes every accepted order to its end: a process manager over the log. Orders are taken in their order, as many at once as there are sessions.
 * Nothing is signed before the past is known: it starts with `caughtUp`.
 */
export class SignOrdersProcess {
  private readonly open: OpenOrders;
  private readonly queue: TrackedOrder[] = [];
  private readonly running = new Set<Promise<void>>();
  private live = false;

  constructor(
    private readonly context: AttemptContext,
    private readonly options: { readonly concurrency: number; readonly stopped: () => string | undefined; /** For how long the ledger could be reached without a break. */ readonly listenedMs: () => number },
  ) {
    this.open = new OpenOrders(() => context.clock.monotonic());
  }

  /** Events in the order of the log; a redelivered one changes nothing. */
  offer(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const order = this.open.offer(event);
      if (order !== undefined && this.live) this.enqueue(order);
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
    const { signer, ledger, stream, log } = this.context;
    for (const tracked of this.open.all()) {
      if (tracked.lock === undefined) this.enqueue(tracked);
      else if (!tracked.busy) {
        tracked.busy = true;
        try {
          const { order, lock } = tracked;
          await this.traced(order, 'recover order', () => recover(order, lock, signer, ledger, stream, this.options.listenedMs()));
        } catch (error) {
          log({ signOrderId: tracked.order.signOrderId, error }, 'an order could not be recovered; the next sweep tries again');
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

  get openOrders(): number {
    return this.open.size;
  }

  /** Takes nothing more; resolves when what was started has its end. */
  async stop(): Promise<void> {
    this.live = false;
    this.queue.length = 0;
    await Promise.all(this.running);
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
    const { log } = this.context;
    try {
      const result = await this.traced(tracked.order, 'sign order', () => this.tryOnce(tracked));
      if (result !== 'later') return;
      if (this.options.stopped() === undefined && this.context.clock.monotonic() - tracked.since > RETRY_FOR_MS) return await this.end(tracked, 'HSM_UNAVAILABLE', 'the HSM did not come back in time');
      void this.again(tracked);
    } catch (error) {
      log({ signOrderId: tracked.order.signOrderId, error }, 'an attempt broke; the next sweep looks at its order again');
    }
  }

  /** A step of the trace that the order came with; what is written of the order carries it on. */
  private traced<T>({ traceparent, operationId, signOrderId, keyId, algorithm, count }: OpenOrder, name: string, work: () => Promise<T>): Promise<T> {
    const { signer, stream } = this.context;
    if (traceparent === undefined) return work();
    const attributes = { 'countersign.operation_id': operationId, 'countersign.sign_order_id': signOrderId, 'countersign.key_id': keyId, 'countersign.algorithm': algorithm, 'countersign.count': count, 'countersign.signer': signer.name };
    return within(stream.tracer, name, { parent: traceparent, kind: 'consumer', attributes }, work);
  }

  private async tryOnce(tracked: TrackedOrder): Promise<'done' | 'later'> {
    if (this.options.stopped() !== undefined) return 'later';
    // What can't be signed any more is told without the HSM: an order never waits for a lost token to learn that it is over.
    const verdict = await this.context.authority.judge(tracked.order);
    if (!verdict.holds && verdict.code !== 'HSM_UNAVAILABLE') {
      await this.end(tracked, verdict.code, verdict.detail);
      return 'done';
    }
    const session = await this.context.hsm.acquire(ACQUIRE_MS).catch(() => undefined);
    if (session === undefined) return 'later';
    try {
      return (await attempt(tracked.order, session, this.context)) === 'later' ? 'later' : 'done';
    } finally {
      session.release();
    }
  }

  /** At NO_STREAM: whoever has started it meanwhile, keeps it (rule 2). */
  private async end({ order }: TrackedOrder, code: FailureCode, detail: string): Promise<void> {
    await this.context.stream.append(order.signOrderId, 'no-stream', notSigned(order, this.context, code, detail));
  }

  private async again(tracked: TrackedOrder): Promise<void> {
    await pause(AGAIN_AFTER_MS, this.context.signal);
    if (!this.live || this.open.get(tracked.order.signOrderId) !== tracked) return;
    this.enqueue(tracked);
    this.pump();
  }
}
