import fc from 'fast-check';
import { initialControlPlane } from '#administration/contract.js';
import type { ControlPlaneState } from '#administration/contract.js';
import { PlaneHistory } from './plane-history.js';

const FIRST = { ...initialControlPlane, quorum: 0 };
const time = (n: number): string => new Date(n * 1_000).toISOString();

describe('the states that a control plane had', () => {
  it('are found as if all of them were looked through, whichever history is gone on from', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ from: fc.nat(), later: fc.nat(3) }), { maxLength: 30 }), fc.nat(40), fc.nat(40), (steps, a, b) => {
        const made: { readonly history: PlaneHistory; readonly all: readonly { readonly state: ControlPlaneState; readonly at: number }[] }[] = [{ history: PlaneHistory.from(FIRST, time(1)), all: [{ state: FIRST, at: 1 }] }];
        for (const [i, { from, later }] of steps.entries()) {
          const before = made[from % made.length];
          if (before === undefined) continue;
          const [state, at] = [{ ...FIRST, quorum: i + 1 }, (before.all.at(-1)?.at ?? 0) + later];
          made.push({ history: before.history.with(state, time(at)), all: [...before.all, { state, at }] });
        }
        for (const { history, all } of made) {
          expect(history.at(time(a))).toBe((all.findLast((one) => one.at <= a) ?? all[0])?.state);
          const first = all.findLast((one) => one.at <= a) ?? all[0];
          const expected = [first, ...all.filter((one) => one.at > a && one.at <= b && one !== first)].map((one) => one?.state);
          expect(history.between(time(a), time(Math.max(a, b)))).toEqual(b < a ? [first?.state] : expected);
        }
      }),
    ));
});
