import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import { OPERATION_PREFIX, operationKind } from '#operations/contract.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import { SIGN_ORDER_PREFIX } from '../../streams.js';
import { decodeSigningEvent } from '../sign-order-kind.js';
import { headOf, openOrder } from './open-order.js';
import type { Lock, OpenOrder, OrderHead } from './open-order.js';

/** What is to be signed is kept in memory up to about so many bytes; of orders beyond it, it is read again when they are taken. */
export const KEPT_BYTES = 32 * 1024 * 1024;

export interface TrackedOrder {
  readonly order: OrderHead;
  /** The whole order; undefined: its reservation is to be read again. */
  readonly whole: OpenOrder | undefined;
  /** The event before its reservation: all before it is finished as far as this order goes. Undefined: the log begins with it. */
  readonly before: Mark | undefined;
  /** Monotonic ms at which this process first saw it. */
  readonly since: number;
  /** Who started it. */
  lock: Lock | undefined;
  /** An attempt or a recovery of this process is at it. */
  busy: boolean;
  /** It waits in the queue. */
  queued: boolean;
  /** It waits until it is known whose turn it is, or until the others have had their time. */
  assigned: boolean;
}
/** An event that a checkpoint can name. */
export interface Mark {
  readonly position: Position;
  readonly id: string;
}

const ENDS = new Set<SigningEvent['type']>(['signing.completed.v1', 'signing.failed.v1', 'signing.halted.v1', 'signing.outcome-unknown.v1']);

/** The accepted orders that have no end, as the events of the log tell them. */
export class OpenOrders {
  private readonly orders = new Map<string, TrackedOrder>();
  private seen: Mark | undefined;
  private keptBytes = 0;
  /** Orders that are not kept whole. */
  private heads = 0;

  constructor(private readonly monotonic: () => number, private readonly maxBytes = KEPT_BYTES) {}

  /**
   * What it throws at is not passed over: it comes again, and no checkpoint goes beyond it (rule 12).
   * @returns the order, when the event is its reservation @throws UnknownEventTypeError: what may be an order, or an end of one, is not guessed
   */
  offer(event: RecordedEvent): TrackedOrder | undefined {
    const before = this.seen;
    if (before !== undefined && event.position <= before.position) return undefined;
    const reserved = this.follow(event, before);
    this.seen = { position: event.position, id: event.id };
    return reserved;
  }

  private follow(event: RecordedEvent, before: Mark | undefined): TrackedOrder | undefined {
    if (event.stream.startsWith(OPERATION_PREFIX)) {
      if (operationKind.decode(event).type !== 'operations.uses-reserved.v1') return undefined;
      const whole = openOrder(event);
      const order = headOf(whole);
      // An honest log reserves for an order once. What is known of its lock and its attempt stays known.
      if (this.orders.has(order.signOrderId)) return undefined;
      const tracked: TrackedOrder = { order, whole: this.keep(whole), before, since: this.monotonic(), lock: undefined, busy: false, queued: false, assigned: false };
      this.orders.set(order.signOrderId, tracked);
      return tracked;
    }
    if (!event.stream.startsWith(SIGN_ORDER_PREFIX)) return undefined;
    const { type, data } = decodeSigningEvent(event);
    const signOrderId = event.stream.slice(SIGN_ORDER_PREFIX.length);
    if (ENDS.has(type)) this.end(signOrderId);
    else if (type === 'signing.started.v1') {
      const tracked = this.orders.get(signOrderId);
      const { signer, incarnation, attempt } = data;
      if (tracked !== undefined) tracked.lock = { signer, incarnation, attempt, at: event.position };
    }
    return undefined;
  }

  /** Once one is not kept none is until it has its end: who has to be read comes after who has not, so that they are taken in their order. */
  private keep(order: OpenOrder): OpenOrder | undefined {
    const bytes = bytesOf(order);
    if (this.heads === 0 && this.keptBytes + bytes <= this.maxBytes) {
      this.keptBytes += bytes;
      return order;
    }
    this.heads += 1;
    return undefined;
  }

  private end(signOrderId: string): void {
    const tracked = this.orders.get(signOrderId);
    if (tracked === undefined) return;
    this.orders.delete(signOrderId);
    if (tracked.whole === undefined) this.heads -= 1;
    else this.keptBytes -= bytesOf(tracked.whole);
  }

  get(signOrderId: string): TrackedOrder | undefined {
    return this.orders.get(signOrderId);
  }

  all(): readonly TrackedOrder[] {
    return [...this.orders.values()];
  }

  /** The last event that was offered. */
  get last(): Mark | undefined {
    return this.seen;
  }

  get size(): number {
    return this.orders.size;
  }

  /** The last event below which every order has its end; undefined: none. Orders lie in the order of the log. */
  finishedUpTo(): Mark | undefined {
    for (const { before } of this.orders.values()) return before;
    return this.seen;
  }
}

/** About so many: a buffer and a text of some length each. */
const INPUT_BYTES = 200;
const bytesOf = ({ inputs }: OpenOrder): number => inputs.reduce((bytes, input) => bytes + INPUT_BYTES + 2 * input.length, 0);
