import { Service } from '#test/system/service.js';
import { makeKey } from '#test/system/steps.js';
import type { Key } from '#test/system/steps.js';
import { COUNT, endOf, KILLED, STEPS } from './write-cells.js';
import type { Fate, Step } from './write-cells.js';
import { befall, rightRow, rowOf, table } from './write-matrix.js';
import type { Cell, Row } from './write-matrix.js';
import { embeddedRig, sharedRig } from './write-rigs.js';
import type { Rig } from './write-rigs.js';

// Each write of the signing path × what can befall it. An order and an operation for each cell, many on one running service.
const START = { withinMs: 60_000 };
const TEST_MS = 180_000;

/**
 * Deaths that come together: each is that of several orders, held at different writes. A subscription that is held at one booking gets to no other, and a ledger
 * whose session is held takes no other write: so one of either a death, the ledger's last.
 */
const DEATHS: readonly (readonly (readonly [Step['write'], Fate])[])[] = [
  [...['halted', 'uses-reserved', 'started', 'completed', 'failed', 'outcome-unknown', 'uses-settled', 'ledger intent'].map((write) => [write as Step['write'], 'killed before'] as const)],
  [...['halted', 'uses-reserved', 'started', 'completed', 'failed', 'outcome-unknown', 'uses-settled', 'ledger intent'].map((write) => [write as Step['write'], 'killed after'] as const)],
  [['uses-returned', 'killed before'], ['ledger signatures', 'killed before']],
  [['uses-returned', 'killed after'], ['ledger signatures', 'killed after']],
  [['ledger release', 'killed before']],
  [['ledger release', 'killed after']],
];

describe.each([['embedded', embeddedRig], ['shared', sharedRig]] as const)('every write of signing, %s', (_, make) => {
  let rig: Rig;
  let key: Key;
  const rows: Row[] = [];
  beforeAll(async () => {
    rig = await make();
    await rig.service.up(START);
    key = await makeKey(rig.service, 'fw');
  }, TEST_MS);
  afterAll(async () => {
    process.stdout.write(`${table(rig.name, rows)}\n`);
    await Service.closeAll();
  });

  /** Every use is granted, spent before it is signed with, and booked. */
  const hold = (found: readonly Row[]): void => {
    for (const { end, granted } of found) expect(end.calls <= end.spent && end.spent <= granted).toBe(true);
    expect(found).toEqual(found.map(({ step, fate }) => rightRow(step, fate)));
  };

  it('not persisted, or persisted and the answer lost: resent, and as if nothing had been', async () => {
    const late: Cell[] = [];
    for (const step of STEPS) {
      for (const fate of step.method === undefined ? rig.fates.store : rig.fates.ledger) {
        const before = rig.service.spied('C_Sign');
        const cell = await befall(rig, step, fate);
        // What is never answered is waited for by its writer for seconds: all of them together.
        if (fate === 'never answered') late.push(cell);
        else {
          const row = await rowOf(rig, key, cell, 0);
          rows.push({ ...row, end: { ...row.end, calls: rig.service.spied('C_Sign') - before } });
        }
      }
    }
    hold(rows);
  }, TEST_MS);
});
