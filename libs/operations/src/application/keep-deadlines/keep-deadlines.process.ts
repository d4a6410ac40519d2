import type { RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { operationStream } from '../../streams.js';
import { DEADLINES, deadlineOf } from '../../domain/operation/deadlines.js';
import type { OperationEvent } from '../../domain/operation/events.js';
import { evolveOperation } from '../../domain/operation/evolve.js';
import { initialOperation } from '../../domain/operation/state.js';
import type { OperationExecutor } from '../operation-executor.js';
import { decodeOperationEvent } from '../operation-kind.js';
import type { Deadline, DeadlineTimers } from '../ports/deadline-timers.port.js';

/** Why a key is disabled when a review is overdue. */
export const REVIEW_OVERDUE = 'REVIEW_OVERDUE';
const PAGE = 200;

/** Disables a key in the name of the system; a key that is disabled already, or not there, is no failure. */
export type DisableKey = (keyId: string, reason: string, commandId: string) => Promise<void>;

/** Tells reminders and escalations, and closes what was not reviewed in time. What it has to do lies in its timers, so that a restart forgets nothing. */
export class KeepDeadlines {
  constructor(
    private readonly operations: OperationExecutor,
    private readonly timers: DeadlineTimers,
    private readonly clock: TrustedClock,
    private readonly disable: DisableKey,
  ) {}

  /** Sets timers; durable with the subscription's checkpoint. */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    const set = events.flatMap((recorded) => deadlinesOf(decodeOperationEvent(recorded)).map((d) => ({ ...d, operationId: recorded.stream.slice(recorded.stream.indexOf('-') + 1) })));
    const last = events.at(-1);
    if (last !== undefined) await this.timers.apply({ set, upTo: last });
  }

  /** Does what is due. A crash before a timer's removal does it again, which changes nothing. */
  async sweep(): Promise<void> {
    if (this.clock.jumped() !== undefined) return;
    for (const timer of await this.timers.due(this.clock.now().closing, PAGE)) await this.meet(timer);
  }

  private async meet(timer: Deadline & { readonly dueAt: string }): Promise<void> {
    const { operationId, kind, dueAt } = timer;
    const meta = { commandId: derivedId('deadline', `${kind} ${operationId} ${dueAt}`), keyed: false, actor: systemActor(kind), bodyDigest: null, requestId: null };
    const { folded } = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'meet-deadline', deadline: kind, now }) });
    if (kind === 'review' && folded.state.review?.status === 'overdue')
      for (const keyId of folded.state.review.overdueKeys) await this.disable(keyId, REVIEW_OVERDUE, derivedId('overdue', `${operationId} ${keyId} ${dueAt}`));
    await this.timers.done(timer);
  }
}

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
