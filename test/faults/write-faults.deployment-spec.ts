import { Service } from '#test/system/service.js';
import { TESTED } from '#test/system/stores.js';
import { ended, makeKey } from '#test/system/steps.js';
import type { Key } from '#test/system/steps.js';
import { COUNT, endOf, RELIVED, STEPS, stepOf } from './write-cells.js';
import type { Fate, Relived, Write } from './write-cells.js';
import { befall, rowOf, table } from './write-matrix.js';
import type { Cell, Row } from './write-matrix.js';
import { embeddedRig, sharedRig } from './write-rigs.js';
import type { Rig } from './write-rigs.js';

// Each write of the signing path × what can befall it. An order and an operation for each cell, many on one running service.
const START = { withinMs: 60_000 };
const TEST_MS = 240_000;

/** The booking first: behind a reservation that is held no other use of its operation is booked. */
const AT_ONCE: readonly Write[] = ['uses-settled', 'halted', 'uses-reserved', 'started', 'completed', 'failed', 'outcome-unknown'];
interface Death {
  readonly fate: Fate;
  readonly writes: readonly Write[];
  /** What befalls the next incarnation where it tells what became of an order of this one. */
  readonly relived: readonly (readonly [Relived | undefined, Fate])[];
}
const [COMPLETED, UNKNOWN] = RELIVED;
/**
 * Deaths that come together: each is that of several orders, held at different writes. A subscription that is held at one booking gets to no other, a ledger whose
 * session is held takes no other write, and a sweep that is held at one order gets to no other: so one of each a death, the ledger's last.
 */
const deaths = (live: readonly Fate[]): readonly Death[] => [
  { fate: 'killed before', writes: [...AT_ONCE, 'ledger intent'], relived: [COMPLETED, UNKNOWN].flatMap((one) => live.map((fate) => [one, fate] as const)) },
  { fate: 'killed after', writes: [...AT_ONCE, 'ledger intent'], relived: [[COMPLETED, 'killed before']] },
  { fate: 'killed before', writes: ['uses-returned', 'ledger signatures'], relived: [[COMPLETED, 'killed after']] },
  { fate: 'killed after', writes: ['uses-returned', 'ledger signatures'], relived: [[UNKNOWN, 'killed before']] },
  { fate: 'killed before', writes: ['ledger release'], relived: [[UNKNOWN, 'killed after']] },
  { fate: 'killed after', writes: ['ledger release'], relived: [] },
];

const RIGS = [['embedded', embeddedRig], ['shared', sharedRig]] as const;
// Each names its stores: where the suite is run for others than the embedded ones, those have been seen.
describe.each(RIGS.filter(([name]) => name === 'shared' || TESTED.stores.eventStore === 'embedded'))('every write of signing, %s', (_, make) => {
  let rig: Rig;
  let key: Key;
  const all: Row[] = [];
  beforeAll(async () => {
    rig = await make();
    await rig.service.up(START);
    key = await makeKey(rig.service, 'fw');
  }, TEST_MS);
  afterAll(async () => {
    process.stdout.write(`${table(rig.name, all)}\n`);
    await Service.closeAll();
  });

  /** Every cell has come to its own end, and no use was spent that was not granted, no call made without a use. */
  const hold = async (cells: readonly Cell[], callsBefore: number): Promise<void> => {
    const found = await Promise.allSettled(cells.map((cell) => rowOf(rig, key, cell)));
    const rows = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    all.push(...rows);
    expect(found.flatMap((one, i) => (one.status === 'fulfilled' ? [] : [`${cells[i]?.step.write}, ${cells[i]?.fate}: ${String(one.reason).slice(0, 500)}`]))).toEqual([]);
    const calls = rig.service.spied('C_Sign') - callsBefore;
    expect(rows).toEqual(cells.map(({ step, fate }) => ({ write: step.write, fate, granted: COUNT, end: endOf(step, fate) })));
    for (const { end, granted } of rows) expect(end.calls <= end.spent && end.spent <= granted).toBe(true);
    expect(calls).toBe(rows.reduce((sum, { end }) => sum + end.calls, 0));
  };

  it('rules 1, 3 and 16: a write that is not persisted, or persisted and its answer lost, is sent again, and every order ends as if nothing had been; without an intent it fails unsigned', async () => {
    const { service, fates } = rig;
    const before = service.spied('C_Sign');
    const cells: Cell[] = [];
    for (const step of STEPS) for (const fate of step.method === undefined ? fates.store : fates.ledger) cells.push(await befall(rig, step, fate));
    await rig.calm();
    await hold(cells.splice(0), before);
    if (!fates.patience) return;
    // What is never answered is waited for by its writer for seconds, by all of them at the same time. Last those that sign only afterwards.
    const unanswered = service.spied('C_Sign');
    for (const step of [...STEPS].reverse()) if (step.method === undefined && step.write !== 'uses-returned') cells.push(await befall(rig, step, 'never answered'));
    await hold(cells, unanswered);
  }, TEST_MS);

  it('rules 2, 7, 8 and 9: killed while it asks, or before it can act upon the answer: every order has its end, and one that was started and not finished spends all its uses', async () => {
    const { service, fates } = rig;
    const before = service.spied('C_Sign');
    const cells: Cell[] = [];
    for (const { fate, writes, relived } of deaths(fates.store)) {
      const next: Cell[] = [];
      for (const [relive, again] of relived) if (relive !== undefined) next.push({ ...(await befall(rig, stepOf(relive.after[0]), relive.after[1])), step: relive.step, fate: again });
      const now: Cell[] = [];
      for (const write of writes) now.push(await befall(rig, stepOf(write), fate));
      await service.kill();
      await rig.calm();
      const struck = await Promise.all(next.map((cell) => rig.strike(cell.step, cell.fate, cell.ids)));
      await service.up(START);
      for (const met of struck) await met();
      // What was not signed before is now, and not while the next ones are counted.
      for (const cell of now) if (cell.calls < endOf(cell.step, fate).calls) await cell.accepted().then(() => ended(service, cell.operation, cell.ids.signOrderId));
      cells.push(...now, ...next);
    }
    await hold(cells, before);
  }, TEST_MS);
});
