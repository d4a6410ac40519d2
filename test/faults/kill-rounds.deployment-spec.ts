import { randomInt } from 'node:crypto';
import { violations } from '#test/histories/check-history.js';
import { Load } from '#test/histories/load.js';
import { Service, sleep } from '#test/system/service.js';
import { eventually, makeKey } from '#test/system/steps.js';

/** `npm run test:faults` has 300 of them. */
const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 6);
const ROUND_MS = 20_000;
const QUIET_WITHIN_MS = 90_000;

afterEach(Service.closeAll);

it(`${ROUNDS} rounds of killing and pausing api, worker and signer under load: no over-use, nothing accepted is lost, no stale read`, async () => {
  const service = await Service.create({ hsm: 'spy', processes: { api: 2, worker: 2, signer: 2 } });
  await service.up({ withinMs: 60_000 });
  await makeKey(service, 'fw');
  const bases = ['api-1', 'api-2'].map((name) => service.baseOf(name));
  const load = await Load.start({ service, keyId: 'fw', clients: 8, bases, granted: 400 });
  let kills = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(100 + randomInt(600));
    // One or two of them at the same moment, killed or held.
    const struck = [...service.parts].sort(() => Math.random() - 0.5).slice(0, 1 + randomInt(2));
    for (const part of struck) {
      if (randomInt(3) > 0) {
        await part.kill();
        kills += 1;
      } else part.signal('SIGSTOP');
    }
    await sleep(randomInt(700));
    for (const part of struck) {
      part.signal('SIGCONT');
      if (part.end !== null) service.start(part.name);
    }
  }
  const health = (name: string): Promise<boolean> => fetch(`${service.baseOf(name)}/readyz`, { signal: AbortSignal.timeout(2_000) }).then((answer) => answer.ok, () => false);
  for (const { name } of service.parts) await eventually(() => health(name), (ready) => ready, 60_000);
  await load.stop();
  const outcome = await load.outcome(QUIET_WITHIN_MS);
  expect(violations(load.history.entries, outcome)).toEqual([]);
  expect(outcome.orders.filter(({ state }) => state === 'completed').length).toBeGreaterThan(ROUNDS);
  process.stdout.write(`kill rounds: ${ROUNDS}, kills ${kills}, calls ${load.history.entries.length}, orders ${outcome.orders.length}, unknown ${outcome.orders.filter(({ state }) => state === 'outcome-unknown').length}, C_Sign ${outcome.calls}\n`);
}, 240_000 + ROUNDS * ROUND_MS);
