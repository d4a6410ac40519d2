import { pause } from '#eventing/pause.js';
import { atMost } from './bench-report.js';
import type { Row } from './bench-report.js';
import { BenchService } from './bench-service.js';
import type { BenchProcess } from './bench-process.js';
import type { SplitOptions } from './split-rates.js';

const LEASES = ['read-model', 'settle-uses', 'expire-operations'] as const;
const ROUNDS = 3;
const AIM_SECONDS = 10;
const LOOK_MS = 50;
const GIVE_UP_MS = 60_000;

/** How long the work of a worker that is killed lies still until another goes on with all of it. The longest of some rounds. */
export async function takeoverTimes({ dir, sessions, freshStores }: Pick<SplitOptions, 'dir' | 'sessions' | 'freshStores'>): Promise<readonly Row[]> {
  const service = await BenchService.start(dir, sessions, { processes: { api: 1, worker: 2, signer: 1 }, ...(await freshStores('takeover')) });
  try {
    let leases = 0;
    let rows = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const holder = await holderOf(service);
      const others = workersOf(service).filter((worker) => worker !== holder);
      await holder.kill();
      const since = performance.now();
      const elapsed = (): number => (performance.now() - since) / 1_000;
      const { operationId } = await service.request();
      const [taken, shown] = await Promise.all([
        until(async () => (await Promise.all(LEASES.map((lease) => heldBy(service, lease, others)))).every((held) => held !== undefined)).then(elapsed),
        until(async () => (await service.newest(5)).includes(operationId)).then(elapsed),
      ]);
      leases = Math.max(leases, taken);
      rows = Math.max(rows, shown);
      holder.start();
      await service.ready(holder);
    }
    return [
      atMost(`takeover after SIGKILL of a worker, longest of ${ROUNDS}: all its leases`, leases, 's', AIM_SECONDS),
      atMost(`takeover after SIGKILL of a worker, longest of ${ROUNDS}: lists show what was requested since`, rows, 's', AIM_SECONDS),
    ];
  } finally {
    await service.close();
  }
}

const workersOf = (service: BenchService): readonly BenchProcess[] => service.processes.filter(({ name }) => name.startsWith('worker'));

async function heldBy(service: BenchService, lease: string, workers: readonly BenchProcess[]): Promise<BenchProcess | undefined> {
  for (const worker of workers) if ((await service.metric('countersign_lease_held', { labels: `{lease="${lease}"}`, of: worker.name })) === 1) return worker;
  return undefined;
}

async function holderOf(service: BenchService): Promise<BenchProcess> {
  let holder: BenchProcess | undefined;
  await until(async () => (holder = await heldBy(service, 'read-model', workersOf(service))) !== undefined);
  if (holder === undefined) throw new Error('no worker writes the rows');
  return holder;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + GIVE_UP_MS; !(await done()); await pause(LOOK_MS)) {
    if (performance.now() > end) throw new Error('nobody took over');
  }
}
