import type { RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { operationStream } from '../../streams.js';
import { DEADLINES, deadlineOf } from '../../domain/operation/deadlines.js';
import type { OperationEvent } from '../../domain/operation/events.js';
import { evolveOperation } from '../../domain/operation/evolve.js';
import { initialOperation } from '../../domain/operation/state.js';
import { DueSweep, throwAll } from '../due-sweep.js';
import type { OperationExecutor } from '../operation-executor.js';
import { decodeOperationEvent } from '../operation-kind.js';
import type { Deadline, DeadlineTimers } from '../ports/deadline-timers.port.js';

/** Why a key is disabled when a review is overdue. */
export const REVIEW_OVERDUE = 'REVIEW_OVERDUE';

/** Disables a key in the name of the system; a key that is disabled already, or not there, is no failure. */
export type DisableKey = (keyId: string, reason: string, commandId: string) => Promise<void>;

/** Tells reminders and escalations, and closes what was not reviewed in time. What it has to do lies in its timers, so that a restart forgets nothing. */
export class KeepDeadlines {
  private readonly due: DueSweep<Timer>;

  constructor(
    private readonly operations: OperationExecutor,
    private readonly timers: DeadlineTimers,
    private readonly clock: TrustedClock,
    private readonly disable: DisableKey,
  ) {
    this.due = new DueSweep((limit) => timers.due(clock.now().closing, limit), (timer) => this.meet(timer));
  }

  /** Sets timers; durable with the subscription's checkpoint. */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    const set = events.flatMap((recorded) => deadlinesOf(decodeOperationEvent(recorded)).map((d) => ({ ...d, operationId: recorded.stream.slice(recorded.stream.indexOf('-') + 1) })));
    const last = events.at(-1);
    if (last !== undefined) await this.timers.apply({ set, upTo: last });
  }

  /** Does what is due. A crash before a timer's removal does it again, which changes nothing. @throws whatever of it failed */
  async sweep(): Promise<void> {
    if (this.clock.jumped() === undefined) await this.due.run();
  }

  private async meet(timer: Timer): Promise<void> {
    const { operationId, kind, dueAt } = timer;
    const meta = { commandId: derivedId('deadline', `${kind} ${operationId} ${dueAt}`), keyed: false, actor: systemActor(kind), bodyDigest: null, requestId: null };
    const { folded } = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'meet-deadline', deadline: kind, now }) });
    const { review } = folded.state;
    const keyIds = kind === 'review' && review?.status === 'overdue' ? review.overdueKeys : [];
    const outcomes = await Promise.allSettled(keyIds.map((keyId) => this.disable(keyId, REVIEW_OVERDUE, derivedId('overdue', `${operationId} ${keyId} ${dueAt}`))));
    throwAll(outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as unknown] : [])));
    // The clock may have been set back by a confirmation since: what is not due any more keeps its timer.
    const still = deadlineOf(kind, folded.state);
    if (still === undefined || this.clock.now().closing >= still) await this.timers.done(timer);
  }
}

type Timer = Deadline & { readonly dueAt: string };

/** What an event makes due later. */
function deadlinesOf(event: OperationEvent): readonly { readonly kind: Deadline['kind']; readonly dueAt: string }[] {
  if (event.type === 'operations.review-opened.v1') return [{ kind: 'review', dueAt: event.data.dueAt }];
  if (event.type !== 'operations.requested.v1') return [];
  const state = evolveOperation(initialOperation, event);
  return DEADLINES.flatMap((kind) => {
    const dueAt = deadlineOf(kind, state);
    return dueAt === undefined ? [] : [{ kind, dueAt }];
  });
}
