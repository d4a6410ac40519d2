import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '#kernel/clock.js';
import { SubscriptionLag } from '#eventing/subscription-lag.js';
import { DECISION_KINDS, EMERGENCY_STAGES, SIGN_ORDER_OUTCOMES, USES_CHANGES, type Metrics, type QueueName } from './metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const HSM_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];
const STORE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 10];

/** Every instrument, in a registry of its own thread; docs/metrics.md says what each is good for. Counters of known labels start at 0, so that a rate over their first increase is right. */
export function createInstruments(registry: Registry, clock: Clock): Metrics {
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
  const emergencies = new Counter({ name: 'countersign_emergencies_total', help: 'Operations on the emergency path of their policies, by what became of them', labelNames: ['stage'], registers });
  const refusals = new Counter({ name: 'countersign_refusals_total', help: 'Requests refused, by code', labelNames: ['code'], registers });
  const hsm = calls('hsm', 'PKCS#11', HSM_BUCKETS, registry);
  const ledger = calls('ledger', 'Ledger', HSM_BUCKETS, registry);
  const store = calls('store', 'Event store', STORE_BUCKETS, registry);
  const followed = new Map<string, SubscriptionLag>();
  // A subscription lives in one thread; where two report the same one, the slower is the truth.
  const ofSubscriptions = { labelNames: ['subscription'] as const, aggregator: 'max' as const, registers };
  const lag: Gauge<'subscription'> = new Gauge({
    name: 'countersign_subscription_lag_events', help: 'Events that have come to a subscription and that it has not handled yet', ...ofSubscriptions,
    collect() {
      for (const [subscription, measured] of followed) lag.set({ subscription }, measured.lag().events);
    },
  });
  const lagSeconds: Gauge<'subscription'> = new Gauge({
    name: 'countersign_subscription_lag_seconds', help: 'How long the oldest event that a subscription has not handled has waited, or for how long it has not been heard whether there is one', ...ofSubscriptions,
    collect() {
      for (const [subscription, measured] of followed) lagSeconds.set({ subscription }, measured.lag().seconds);
    },
  });
  const depths = new Map<QueueName, () => number>();
  const queue: Gauge<'queue'> = new Gauge({
    name: 'countersign_queue_depth', help: 'What waits: open sign orders, commands, requests that wait for an event', labelNames: ['queue'], registers,
    collect() {
      for (const [name, depth] of depths) queue.set({ queue: name }, depth());
    },
  });
  const leases = new Gauge({ name: 'countersign_lease_held', help: 'Leases, 1 while this process holds them', labelNames: ['lease'], registers });
  const leaseChanges = new Counter({ name: 'countersign_lease_changes_total', help: 'Leases taken and lost by this process', labelNames: ['lease', 'change'], registers });
  const peers = new Gauge({ name: 'countersign_peers', help: 'Other processes that were heard lately, by what they say of themselves', labelNames: ['kind', 'state'], registers });
  const skew = new Gauge({ name: 'countersign_clock_skew_seconds', help: 'The clock of this process less that of another', labelNames: ['peer'], registers });
  const spans = new Counter({ name: 'countersign_spans_lost_total', help: 'Spans of traces that no collector took', registers });
  for (const outcome of SIGN_ORDER_OUTCOMES) signOrders.inc({ outcome }, 0);
  for (const change of USES_CHANGES) uses.inc({ change }, 0);
  for (const decision of DECISION_KINDS) decisions.inc({ decision }, 0);
  for (const stage of EMERGENCY_STAGES) emergencies.inc({ stage }, 0);
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
    emergency: (stage) => emergencies.inc({ stage }),
    refusal: (code) => refusals.inc({ code }),
    subscriptionLag(subscription, count, seconds) {
      lag.set({ subscription }, count);
      if (seconds !== undefined) lagSeconds.set({ subscription }, seconds);
    },
    subscription(name) {
      const measured: SubscriptionLag = new SubscriptionLag(clock, () => {
        if (followed.get(name) !== measured) return;
        followed.delete(name);
        lag.remove({ subscription: name });
        lagSeconds.remove({ subscription: name });
      });
      followed.set(name, measured);
      return measured;
    },
    queue: (name, depth) => void depths.set(name, depth),
    lease(name, held) {
      leases.set({ lease: name }, held ? 1 : 0);
      leaseChanges.inc({ lease: name, change: held ? 'taken' : 'lost' });
    },
    peers(facts) {
      peers.reset();
      skew.reset();
      for (const { kind, name, working, skewSeconds } of facts) {
        peers.inc({ kind, state: working ? 'working' : 'down' });
        if (skewSeconds !== undefined) skew.set({ peer: `${kind}/${name}` }, skewSeconds);
      }
    },
    spansLost: (count) => spans.inc(count),
    hsm,
    ledger,
    store,
  };
}

/** Calls to one thing outside, by outcome and with their duration. */
function calls(of: 'hsm' | 'ledger' | 'store', name: string, buckets: number[], registry: Registry): { readonly call: (call: string, seconds: number, outcome: string) => void } {
  const registers = [registry];
  const counter = new Counter({ name: `countersign_${of}_calls_total`, help: `${name} calls by outcome`, labelNames: ['call', 'outcome'], registers });
  const duration = new Histogram({ name: `countersign_${of}_call_duration_seconds`, help: `Duration of ${name} calls`, labelNames: ['call'], buckets, registers });
  return {
    call(call, seconds, outcome) {
      counter.inc({ call, outcome });
      duration.observe({ call }, seconds);
    },
  };
}
