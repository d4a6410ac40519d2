import { ClockSkew, SKEW_FAULT_MS, SKEW_WARN_MS, SKEW_WINDOW_MS, skewOf } from './clock-skew.js';
import { PRESENCE_EVERY_MS } from './presence.port.js';

const T = Date.parse('2026-11-20T12:00:00.000Z');

describe('skewOf', () => {
  it.each([
    ['clocks that agree', [[0, 4], [3_000, 3_900], [6_000, 6_030]], 4],
    ['another clock that is behind by 5 s', [[-5_000, 10], [-2_000, 3_250]], undefined],
    ['this clock ahead by 5 s, over ways of 10 to 900 ms', [[0, 5_900], [3_000, 8_010], [6_000, 11_300]], 5_010],
    ['this clock behind by 5 s, over the same ways', [[0, -4_100], [3_000, -1_990], [6_000, 1_300]], -4_990],
  ])('of %s', (_, reports, skew) => {
    expect(skewOf(reports.map(([at = 0, arrival = 0]) => ({ at, arrival })))).toBe(skew);
  });

  it('of nothing is nothing', () => {
    expect(skewOf([])).toBeUndefined();
  });
});

describe('rule 14: clocks of several processes', () => {
  let passed: number;
  let own: number;
  let skew: ClockSkew;
  beforeEach(() => {
    passed = 0;
    own = 0;
    skew = new ClockSkew({ wall: () => T + passed + own, monotonic: () => passed }, { incarnation: 'me' });
  });
  /** One report of a process whose clock is ahead of the true time by `ahead`, sent `way` ms ago. */
  const hear = (name: string, ahead = 0, way = 5, incarnation = name): void => skew.hear({ kind: 'api', name, incarnation, down: null, at: new Date(T + passed + ahead - way).toISOString() });
  const every = (times: number, report: () => void): void => {
    for (let i = 0; i < times; i += 1) {
      passed += PRESENCE_EVERY_MS;
      report();
    }
  };

  it('are measured from what comes in its rhythm', () => {
    every(3, () => hear('a', -2_000));
    expect(skew.skews()).toEqual([]);
    every(1, () => hear('a', -2_000));
    expect(skew.skews()).toEqual([{ peer: 'api/a', skewMs: 2_005 }]);
  });

  it('a quick way among slow ones is what counts, for as long as the window', () => {
    every(4, () => hear('a', 0, 900));
    every(1, () => hear('a', 0, 3));
    every(4, () => hear('a', 0, 900));
    expect(skew.skews()).toEqual([{ peer: 'api/a', skewMs: 3 }]);
    every(SKEW_WINDOW_MS / PRESENCE_EVERY_MS, () => hear('a', 0, 900));
    expect(skew.skews()).toEqual([{ peer: 'api/a', skewMs: 900 }]);
  });

  it('what was told long ago and comes now is no skew: from a process that died, at a start, after a break', () => {
    for (let i = 20; i > 0; i -= 1) hear('dead', 0, 300_000 + i * PRESENCE_EVERY_MS);
    for (let i = 20; i > 0; i -= 1) hear('alive', 0, i * PRESENCE_EVERY_MS);
    expect(skew.skews()).toEqual([]);
    every(6, () => hear('alive'));
    expect(skew.skews()).toEqual([{ peer: 'api/alive', skewMs: 5 }]);
    // A break of 90 s, then all that was missed, at once.
    passed += 90_000;
    for (let i = 30; i > 0; i -= 1) hear('alive', 0, i * PRESENCE_EVERY_MS);
    expect(skew.skews()).toEqual([]);
    every(3, () => hear('alive'));
    expect(skew.skews()).toEqual([{ peer: 'api/alive', skewMs: 5 }]);
  });

  it('who is silent is forgotten, and another start begins anew', () => {
    every(6, () => hear('a', -9_000));
    expect(skew.skews()).toHaveLength(1);
    every(1, () => hear('a', 0, 5, 'restarted'));
    expect(skew.skews()).toEqual([]);
    every(6, () => hear('a', 0, 5, 'restarted'));
    expect(skew.skews()).toEqual([{ peer: 'api/a', skewMs: 5 }]);
    passed += SKEW_WINDOW_MS + 1;
    expect(skew.skews()).toEqual([]);
  });

  it('what it says itself, and a time that is none, say nothing', () => {
    every(6, () => hear('a', -9_000, 5, 'me'));
    every(6, () => skew.hear({ kind: 'api', name: 'b', incarnation: 'b', down: null, at: 'soon' }));
    expect(skew.skews()).toEqual([]);
  });

  it('memory is bounded', () => {
    for (let n = 0; n < 1_000; n += 1) for (let i = 0; i < 4; i += 1) every(1, () => hear(`a-${n}`));
    expect(skew.skews().length).toBeLessThanOrEqual(256);
    every(1_000, () => hear('b'));
    expect(skew.skews().filter(({ peer }) => peer === 'api/b')).toHaveLength(1);
  });

  it.each([[SKEW_WARN_MS - 6, 0], [SKEW_WARN_MS - 4, 1], [-SKEW_WARN_MS - 10, 1]])('apart by %d ms: told of %d', (behind, told) => {
    every(5, () => hear('a', -behind));
    expect(skew.apart()).toHaveLength(told);
    expect(skew.fault()).toBeUndefined();
  });

  it('this clock an hour ahead of all others is a fault, told with one of them', () => {
    own = 3_600_000;
    every(5, () => ['a', 'b', 'c'].forEach((name) => hear(name)));
    expect(skew.fault()).toBe('the clock is 3600 s ahead of that of api/a, and differs from 3 of 3 processes');
  });

  it('of two processes both are at fault; one wrong among three is the fault of that one alone', () => {
    every(5, () => hear('wrong', SKEW_FAULT_MS + 1_000));
    expect(skew.fault()).toContain('61 s behind that of api/wrong');
    every(5, () => ['wrong', 'right'].forEach((name) => hear(name, name === 'wrong' ? SKEW_FAULT_MS + 1_000 : 0)));
    expect(skew.fault()).toBeDefined();
    every(5, () => ['wrong', 'right', 'also-right'].forEach((name) => hear(name, name === 'wrong' ? SKEW_FAULT_MS + 1_000 : 0)));
    expect(skew.fault()).toBeUndefined();
    expect(skew.apart().map(({ peer }) => peer)).toEqual(['api/wrong']);
  });

  it.each([[SKEW_FAULT_MS - 1_000, false], [SKEW_FAULT_MS + 1_000, true], [-SKEW_FAULT_MS + 1_000, false], [-SKEW_FAULT_MS - 1_000, true]])('by %d ms: a fault is %p', (ahead, fault) => {
    every(5, () => hear('a', ahead));
    expect(skew.fault() !== undefined).toBe(fault);
  });
});
