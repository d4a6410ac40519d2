import { Service } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';

afterEach(Service.closeAll);

const metricsOf = async (base: string): Promise<string> => (await fetch(`${base}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();

it('every process tells of its calls, its subscriptions, and of the others and their clocks', async () => {
  const service = await Service.create({ processes: { api: 1, worker: 1, signer: 1 } });
  await service.up();
  const parts = service.parts.map(({ name }) => name);
  expect(parts).toHaveLength(3);
  const told = new Map<string, string>();
  for (const name of parts) {
    // A clock is told of once it was heard in its rhythm for some reports.
    told.set(name, await eventually(() => metricsOf(service.baseOf(name)), (text) => (text.match(/^countersign_clock_skew_seconds\{/gm) ?? []).length === 2, 40_000));
  }
  for (const [name, text] of told) {
    const kind = name.replace(/-\d+$/, '');
    const others = ['api', 'worker', 'signer'].filter((one) => one !== kind);
    for (const other of others) expect(text).toContain(`countersign_peers{kind="${other}",state="working"} 1`);
    for (const [, skew] of text.matchAll(/^countersign_clock_skew_seconds\{peer="[^"]+"\} (\S+)$/gm)) expect(Math.abs(Number(skew))).toBeLessThan(1);
    expect(text).toMatch(/^countersign_store_calls_total\{call="\w+",outcome="ok"\} \d+$/m);
    // Folders and the like are nobody's name.
    expect(text).not.toContain(service.dir);
  }
  const of = (kind: string): string => told.get(parts.find((name) => name.startsWith(kind)) ?? '') ?? '';
  const subscriptions = (kind: string): readonly (string | undefined)[] => [...of(kind).matchAll(/^countersign_subscription_lag_seconds\{subscription="([^"]+)"\}/gm)].map(([, name]) => name).sort();
  expect([subscriptions('api'), subscriptions('worker'), subscriptions('signer')]).toEqual([['api'], ['apply-acts', 'expire-operations', 'follow-acts', 'keep-deadlines', 'read-model', 'settle-uses'], ['key-registrations', 'sign-orders']]);
  expect(of('signer')).toMatch(/^countersign_ledger_calls_total\{call="heartbeat",outcome="ok"\} \d+$/m);
  expect(of('signer')).toContain('countersign_queue_depth{queue="open-sign-orders"} 0');
  expect([...of('worker').matchAll(/^countersign_lease_held\{lease="([^"]+)"\} 1$/gm)].map(([, name]) => name).sort()).toEqual(['apply-acts', 'expire-operations', 'follow-acts', 'keep-deadlines', 'read-model', 'settle-uses']);
});
