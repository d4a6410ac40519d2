import type { NewEvent } from '#eventing/event-store.port.js';
import type { Log } from '../logging/log.js';
import type { EmergencyStage, Metrics } from './metrics.js';

const SENTENCES: Readonly<Record<Exclude<EmergencyStage, 'justified'>, string>> = {
  requested: 'an emergency: an operation was asked for by the emergency path of its policies',
  used: 'an emergency: keys are used by the emergency path, and others have to review it',
  'not-justified': 'an emergency was found not to be justified',
  overdue: 'an emergency was not reviewed in time',
};

/** Counts and tells aloud that somebody takes the way around the usual approvals, as it happens, and what becomes of it. */
export function tellEmergencies(metrics: Metrics, log: Log, events: readonly NewEvent[], stream: string): void {
  for (const event of events) {
    const stage = stageOf(event);
    if (stage === undefined) continue;
    metrics.emergency(stage);
    if (stage !== 'justified') log.error({ stream, issuer: event.metadata.actor.issuer, subject: event.metadata.actor.subject }, SENTENCES[stage]);
  }
}

function stageOf({ type, data }: NewEvent): EmergencyStage | undefined {
  switch (type) {
    case 'operations.requested.v1':
      return (data as { readonly emergency?: boolean }).emergency === true ? 'requested' : undefined;
    case 'operations.review-opened.v1':
      return 'used';
    case 'operations.review-closed.v1':
      return (data as { readonly verdict: 'justified' | 'not-justified' }).verdict;
    case 'operations.review-overdue.v1':
      return 'overdue';
    default:
      return undefined;
  }
}
