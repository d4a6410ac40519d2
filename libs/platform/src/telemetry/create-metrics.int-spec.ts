import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../worker-entry.js';
import { createMetrics, type MetricsRegistry } from './create-metrics.js';

const startThread = (metrics: MetricsRegistry, name: string, mute = false): Worker => {
  const port = metrics.portFor(name);
  return new Worker(workerEntry('libs/platform/src/telemetry/testing/counting.worker'), { workerData: { port, mute }, transferList: [port] });
};
const count = async (worker: Worker, signatures: number): Promise<void> => {
  worker.postMessage(signatures);
  await once(worker, 'message');
};

describe('createMetrics', () => {
  it('shows what was counted, with process numbers', async () => {
    const metrics = createMetrics();
    metrics.httpRequest('POST', '/v1/operations', 201, 0.004);
    metrics.httpRequest('POST', '/v1/operations', 422, 0.002);
    metrics.httpRequest('BREW', 'unmatched', 404, 0.001);
    metrics.signOrderEnded('completed');
    metrics.uses('reserved', 3);
    metrics.appended(2);
    metrics.appendConflict();
    metrics.decision('approve');
    metrics.emergency('used');
    metrics.refusal('SELF_APPROVAL');
    const text = await metrics.render();
    for (const line of [
      'countersign_http_requests_total{method="POST",route="/v1/operations",status="201"} 1',
      'countersign_http_requests_total{method="other",route="unmatched",status="404"} 1',
      'countersign_http_request_duration_seconds_bucket{le="0.0025",method="POST",route="/v1/operations"} 1',
      'countersign_http_request_duration_seconds_count{method="POST",route="/v1/operations"} 2',
      'countersign_sign_orders_total{outcome="completed"} 1',
      'countersign_sign_orders_total{outcome="halted"} 0',
      'countersign_signatures_total 0',
      'countersign_uses_total{change="reserved"} 3',
      'countersign_appends_total 1',
      'countersign_appended_events_total 2',
      'countersign_append_conflicts_total 1',
      'countersign_decisions_total{decision="approve"} 1',
      'countersign_emergencies_total{stage="used"} 1',
      'countersign_emergencies_total{stage="overdue"} 0',
      'countersign_refusals_total{code="SELF_APPROVAL"} 1',
    ]) expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^process_start_time_seconds \d+/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    // every family once
    const families = text.split('\n').filter((line) => line.startsWith('# TYPE '));
    expect(new Set(families).size).toBe(families.length);
  });

  it('shows queues, subscriptions, leases, peers and calls as they are when somebody looks', async () => {
    const metrics = createMetrics({ process: false });
    let depth = 3;
    metrics.queue('commands', () => depth);
    const subscription = metrics.subscription('x');
    subscription.caughtUp();
    metrics.lease('read-model', true);
    metrics.peers([{ kind: 'signer', name: 's-1', working: true, skewSeconds: -1.5 }, { kind: 'signer', name: 's-2', working: false }]);
    metrics.ledger.call('intend', 0.002, 'ok');
    metrics.store.call('append', 0.002, 'ConflictError');
    metrics.spansLost(7);
    const lines = (await metrics.render()).split('\n');
    for (const line of [
      'countersign_queue_depth{queue="commands"} 3',
      'countersign_subscription_lag_events{subscription="x"} 0',
      'countersign_subscription_lag_seconds{subscription="x"} 0',
      'countersign_lease_held{lease="read-model"} 1',
      'countersign_lease_changes_total{lease="read-model",change="taken"} 1',
      'countersign_peers{kind="signer",state="working"} 1',
      'countersign_peers{kind="signer",state="down"} 1',
      'countersign_clock_skew_seconds{peer="signer/s-1"} -1.5',
      'countersign_ledger_calls_total{call="intend",outcome="ok"} 1',
      'countersign_store_calls_total{call="append",outcome="ConflictError"} 1',
      'countersign_spans_lost_total 7',
    ]) expect(lines).toContain(line);
    depth = 0;
    metrics.peers([]);
    // Taken over by another process, and taken back meanwhile.
    metrics.subscription('y');
    metrics.subscription('x').caughtUp();
    subscription.ended();
    expect(await metrics.render()).toContain('countersign_subscription_lag_seconds{subscription="x"} 0');
    metrics.subscription('x').ended();
    const later = await metrics.render();
    expect(later).toContain('countersign_queue_depth{queue="commands"} 0');
    expect(later).not.toContain('s-1');
    expect([...later.matchAll(/subscription="(\w)"/g)].map(([, name]) => name)).toEqual(['y', 'y']);
  });

  it('sums up all threads exactly, keeps the counts of one that ended, and says which are silent', async () => {
    const metrics = createMetrics({ process: false, collectTimeoutMs: 500 });
    const threads = [startThread(metrics, 'hsm'), startThread(metrics, 'projections')] as const;
    metrics.signatures(1);
    await count(threads[0], 10);
    await count(threads[1], 100);
    const text = await metrics.render();
    expect(text).toMatch(/^countersign_signatures_total 111$/m);
    expect(text).toMatch(/^countersign_hsm_calls_total\{call="C_Sign",outcome="ok"\} 2$/m);
    expect(text).toMatch(/^countersign_hsm_call_duration_seconds_bucket\{le="0.0005",call="C_Sign"\} 2$/m);
    expect(text).toMatch(/^countersign_subscription_lag_events\{subscription="signing"\} 100$/m);
    expect(text).toMatch(/^countersign_metrics_silent_threads 0$/m);

    threads[1].postMessage(0);
    await once(threads[1], 'exit');
    await count(threads[0], 5);
    const later = await metrics.render();
    expect(later).toMatch(/^countersign_signatures_total 116$/m);
    expect(later).toMatch(/^countersign_subscription_lag_events\{subscription="signing"\} 5$/m);

    const mute = startThread(metrics, 'mute', true);
    await count(mute, 1_000);
    const started = performance.now();
    const last = await metrics.render();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(last).toMatch(/^countersign_signatures_total 116$/m);
    expect(last).toMatch(/^countersign_metrics_silent_threads 1$/m);
    await Promise.all([threads[0].terminate(), mute.terminate()]);
  });
});
