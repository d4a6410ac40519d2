import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DECISION_KINDS, SIGN_ORDER_OUTCOMES, USES_CHANGES, type Metrics } from './metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const HSM_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];

/** Every instrument, in a registry of its own thread. Counters of known labels start at 0, so that a rate over their first increase is right. */
export function createInstruments(registry: Registry): Metrics {
  const registers = [registry];
  const requests = new Counter({ name: 'countersign_http_requests_total', help: 'HTTP requests answered', labelNames: ['method', 'route', 'status'], registers });
  const requestSeconds = new Histogram({ name: 'countersign_http_request_duration_seconds', help: 'Time until an HTTP request was answered', labelNames: ['method', 'route'], buckets: REQUEST_BUCKETS, registers });
  const signOrders = new Counter({ name: 'countersign_sign_orders_total', help: 'Sign orders by final state', labelNames: ['outcome'], registers });
  const signatures = new Counter({ name: 'countersign_signatures_total', help: 'Signatures handed out', registers });
  const uses = new Counter({ name: 'countersign_uses_total', help: 'Uses of keys reserved, spent and returned', labelNames: ['change'], registers });
  const appends = new Counter({ name: 'countersign_appends_total', help: 'Appends that the event store accepted', registers });
  const events = new Counter({ name: 'countersign_appended_events_total', help: 'Events in these appends', registers });
  const conflicts = new Counter({ name: 'countersign_append_conflicts_total', help: 'Appends refused because the stream had moved on', registers });
  const eventsRead = new Counter({ name: 'countersign_stream_events_read_total', help: 'Events read from the event store to fold the state of a stream', registers });
  const decisions = new Counter({ name: 'countersign_decisions_total', help: 'Decisions about operations', labelNames: ['decision'], registers });
  const refusals = new Counter({ name: 'countersign_refusals_total', help: 'Requests refused, by code', labelNames: ['code'], registers });
  const hsmCalls = new Counter({ name: 'countersign_hsm_calls_total', help: 'PKCS#11 calls by outcome', labelNames: ['call', 'outcome'], registers });
  const hsmSeconds = new Histogram({ name: 'countersign_hsm_call_duration_seconds', help: 'Duration of PKCS#11 calls', labelNames: ['call'], buckets: HSM_BUCKETS, registers });
  // a subscription lives in one thread; where two report the same one, the slower is the truth
  const lag = new Gauge({ name: 'countersign_subscription_lag_events', help: 'Events that a subscription has not handled yet', labelNames: ['subscription'], aggregator: 'max', registers });
  for (const outcome of SIGN_ORDER_OUTCOMES) signOrders.inc({ outcome }, 0);
  for (const change of USES_CHANGES) uses.inc({ change }, 0);
  for (const decision of DECISION_KINDS) decisions.inc({ decision }, 0);
  return {
    httpRequest(method, route, status, seconds) {
      const known = METHODS.has(method) ? method : 'other';
      requests.inc({ method: known, route, status: String(status) });
      requestSeconds.observe({ method: known, route }, seconds);
    },
    signOrderEnded: (outcome) => signOrders.inc({ outcome }),
    signatures: (count) => signatures.inc(count),
    uses: (change, count) => uses.inc({ change }, count),
    appended(count) {
      appends.inc();
      events.inc(count);
    },
    appendConflict: () => conflicts.inc(),
    streamEventsRead: (count) => eventsRead.inc(count),
    decision: (decision) => decisions.inc({ decision }),
    refusal: (code) => refusals.inc({ code }),
    subscriptionLag: (subscription, count) => lag.set({ subscription }, count),
    hsm: {
      call(call, seconds, outcome) {
        hsmCalls.inc({ call, outcome });
        hsmSeconds.observe({ call }, seconds);
      },
    },
  };
}
