import type { Metrics } from '#platform/telemetry/metrics.js';
import type { SigningEvent } from '#signing/domain/sign-order/events.js';

/** Counts an event that a signer appended. */
export function countOutcome(metrics: Metrics, event: SigningEvent): void {
  metrics.appended(1);
  switch (event.type) {
    case 'signing.completed.v1':
      metrics.signOrderEnded('completed');
      metrics.signatures(event.data.signatures.length);
      break;
    case 'signing.failed.v1':
      metrics.signOrderEnded('failed');
      break;
    case 'signing.halted.v1':
      metrics.signOrderEnded('halted');
      break;
    case 'signing.outcome-unknown.v1':
      metrics.signOrderEnded('outcome-unknown');
      break;
    default:
  }
}
