import type { RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { operationStream } from '../../streams.js';
import { decodeOperationEvent } from '../operation-kind.js';
import { DueSweep } from '../due-sweep.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { ExpiryTimers } from '../ports/expiry-timers.port.js';

/** Use is refused from `expiresAt` on; the event follows when no clock of the deployment can think it earlier (rule 14). */
export const EXPIRED_EVENT_DELAY_MS = 60_000;

/** Turns the end of a window into an `expired` event. What it has to do lies in its timers, so that a restart forgets nothing. */
export class ExpireOperations {
  private readonly due: DueSweep<string>;

  constructor(
    private readonly operations: OperationExecutor,
    private readonly timers: ExpiryTimers,
    private readonly clock: TrustedClock,
  ) {
    this.due = new DueSweep((limit) => timers.due(new Date(Date.parse(clock.now().closing) - EXPIRED_EVENT_DELAY_MS).toISOString(), limit), (operationId) => this.expire(operationId));
  }

  /** Sets a timer for each new operation, removes those of final ones; durable with the subscription's checkpoint. */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    const set = new Map<string, string>();
    const remove = new Set<string>();
    for (const recorded of events) {
      const event = decodeOperationEvent(recorded);
      if (event.type === 'operations.requested.v1') set.set(event.data.operationId, event.data.expiresAt);
      else if (FINAL.has(event.type)) remove.add(recorded.stream.slice(recorded.stream.indexOf('-') + 1));
    }
    for (const operationId of remove) set.delete(operationId);
    const last = events.at(-1);
    if (last !== undefined) await this.timers.apply({ set: [...set].map(([operationId, dueAt]) => ({ operationId, dueAt })), remove: [...remove], upTo: last });
  }

  /** Expires what is due. A crash before a timer's removal expires again, which changes nothing. @throws whatever of it failed */
  async sweep(): Promise<void> {
    if (this.clock.jumped() === undefined) await this.due.run();
  }

  private async expire(operationId: string): Promise<void> {
    const meta = { commandId: derivedId('expire', operationId), keyed: false, actor: systemActor('expiry'), bodyDigest: null, requestId: null };
    const { folded } = await this.operations.execute({ stream: operationStream(operationId), meta, urgent: true, build: (now) => ({ type: 'expire', now }) });
    // The clock may have been set back by a confirmation since: what still lives keeps its timer.
    if (folded.state.status !== 'pending' && folded.state.status !== 'approved') await this.timers.done(operationId);
  }
}

const FINAL = new Set(['operations.rejected.v1', 'operations.revoked.v1', 'operations.expired.v1', 'operations.exhausted.v1']);
