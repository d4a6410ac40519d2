import type { NewEvent } from '#eventing/event-store.port.js';
import type { Metrics } from './metrics.js';

interface Booked {
  readonly spent?: number;
  readonly count?: number;
}
const sum = (entries: readonly Booked[], of: 'spent' | 'count'): number => entries.reduce((n, e) => n + (e[of] ?? 0), 0);

/** Counts what an append that the store accepted says about uses and decisions. */
export function countEvents(metrics: Metrics, events: readonly NewEvent[]): void {
  metrics.appended(events.length);
  for (const { type, data } of events) {
    switch (type) {
      case 'operations.uses-reserved.v1':
        metrics.uses('reserved', (data as { readonly count: number }).count);
        break;
      case 'operations.uses-settled.v1':
        metrics.uses('spent', sum((data as { readonly settled: readonly Booked[] }).settled, 'spent'));
        break;
      case 'operations.uses-returned.v1':
        metrics.uses('returned', sum((data as { readonly returned: readonly Booked[] }).returned, 'count'));
        break;
      case 'operations.approval-given.v1':
        metrics.decision('approve');
        break;
      case 'operations.rejection-given.v1':
        metrics.decision('reject');
        break;
      case 'operations.approval-withdrawn.v1':
        metrics.decision('withdraw');
        break;
      case 'operations.revoked.v1':
        metrics.decision('revoke');
        break;
    }
  }
}
