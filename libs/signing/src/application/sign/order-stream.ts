import type { ExpectedRevision, EventStore, NewEvent, Position } from '#eventing/event-store.port.js';
import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import { pause } from '#eventing/durable-subscription.js';
import { randomId } from '#eventing/ids.js';
import { NO_TRACES, within } from '#eventing/trace.port.js';
import type { TraceParent, Tracer } from '#eventing/trace.port.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import { operationStream } from '#operations/contract.js';
import { signOrderStream } from '../../streams.js';
import { openOrder } from './open-order.js';
import type { OpenOrder, OrderHead } from './open-order.js';

export type Appended = { readonly at: Position } | { readonly conflict: true };

const RESEND_PAUSE_MS = 50;
const RETRY_PAUSE_MS = 250;

/** Appends to the streams of sign orders in the name of one signer; each append is sent again until its outcome is known (rule 1). */
export class OrderStream {
  constructor(
    private readonly store: EventStore,
    private readonly clock: TrustedClock,
    private readonly signer: string,
    private readonly signal: AbortSignal,
    /** Told of each event that is in the store. */
    private readonly appended: (event: SigningEvent) => void = () => undefined,
    /** Of what happens to orders, their events being the steps that others see. */
    readonly tracer: Tracer = NO_TRACES,
  ) {}

  now(): string {
    return this.clock.written();
  }

  /** The order with what is to be signed, from its reservation. @throws StoreUnavailableError, also when that is not where it was: nothing is signed then */
  async whole({ operationId, reservation, revision }: OrderHead): Promise<OpenOrder> {
    const [event] = await this.store.readStream(operationStream(operationId), { from: revision, limit: 1 });
    if (event?.id !== reservation) throw new StoreUnavailableError('a reservation is not where it was');
    return openOrder(event);
  }

  /**
   * One event at an exact revision, under an id that no other append has. It gives up only when the process ends.
   * @returns where it stands, or `conflict` when another event stands there
   */
  append(signOrderId: string, expected: ExpectedRevision, event: SigningEvent): Promise<Appended> {
    return within(this.tracer, 'append', { attributes: { 'countersign.event': event.type } }, (span) => this.write(signOrderId, expected, event, span.traceparent));
  }

  private async write(signOrderId: string, expected: ExpectedRevision, event: SigningEvent, traceparent: TraceParent | undefined): Promise<Appended> {
    const metadata = { commandId: randomId(), actor: systemActor(`signer/${this.signer}`), at: this.now(), ...(traceparent === undefined ? {} : { traceparent }) };
    const written: NewEvent = { id: randomId(), type: event.type, data: event.data, metadata };
    const stream = signOrderStream(signOrderId);
    for (;;) {
      try {
        const { position, revision } = await this.store.append(stream, expected, [written]);
        // A stream that was deleted takes an append at NO_STREAM behind what it had: that is no lock, and no order of ours (rule 1).
        if (revision !== (expected === 'no-stream' ? 0 : expected + 1)) return { conflict: true };
        this.appended(event);
        return { at: position };
      } catch (error) {
        if (error instanceof ConflictError) {
          const found = await this.found(stream, expected, written.id);
          if ('at' in found) this.appended(event);
          return found;
        }
        if (this.signal.aborted) throw error;
        await pause(error instanceof OutcomeUnknownError ? RESEND_PAUSE_MS : RETRY_PAUSE_MS, this.signal);
      }
    }
  }

  /** Revision of the order's last event; undefined: it has none. Asked for until it is told. */
  async head(signOrderId: string): Promise<number | undefined> {
    for (;;) {
      try {
        return (await this.store.readStream(signOrderStream(signOrderId), { limit: 1, direction: 'backward' }))[0]?.revision;
      } catch (error) {
        if (this.signal.aborted) throw error;
        await pause(RETRY_PAUSE_MS, this.signal);
      }
    }
  }

  /** A conflict may be the answer to a resend of what was written in the end: only the id tells. */
  private async found(stream: string, expected: ExpectedRevision, id: string): Promise<Appended> {
    for (;;) {
      try {
        const [there] = await this.store.readStream(stream, { from: expected === 'no-stream' ? 0 : expected + 1, limit: 1 });
        return there?.id === id ? { at: there.position } : { conflict: true };
      } catch (error) {
        if (this.signal.aborted) throw error;
        await pause(RETRY_PAUSE_MS, this.signal);
      }
    }
  }
}
