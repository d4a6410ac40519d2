import { StreamTurns } from './stream-turns.js';

const STREAM = 'operation-1';

/** Turns over a clock and a die that the test sets. */
class World {
  at = 10_000;
  random = 0;
  readonly turns = new StreamTurns(() => this.at, () => this.random);
  private revision = 0;

  /** One append of `ms`, which begins now. */
  append(ms = 4): void {
    this.at += ms;
    this.turns.appended(STREAM, ++this.revision, ms);
  }
  /** Somebody else's append, which is seen when the next one of ours is decided. */
  foreign(): void {
    this.turns.seen(STREAM, ++this.revision);
  }
  gap(): number {
    return this.turns.gap(STREAM);
  }
}

describe('StreamTurns', () => {
  let world: World;
  beforeEach(() => (world = new World()));

  it('nobody waits for nobody: no gap on a stream that one process writes now and then', () => {
    expect([world.gap(), world.turns.contended(STREAM)]).toEqual([0, false]);
    for (let i = 0; i < 100; i += 1) {
      world.append();
      expect(world.gap()).toBe(0);
      world.at += 20;
      expect(world.gap()).toBe(0);
    }
  });

  it('who writes without a break for 100 ms makes one of a turn: a rival that lost each race gets in', () => {
    let gaps = 0;
    for (let i = 0; i < 1_000; i += 1) {
      world.append();
      const gap = world.gap();
      if (gap === 0) continue;
      expect(gap).toBeGreaterThanOrEqual(3);
      gaps += 1;
      world.at += gap;
    }
    // 4,000 ms of writing.
    expect(gaps).toBeGreaterThanOrEqual(35);
    expect(gaps).toBeLessThanOrEqual(40);
  });

  it('leaves gaps after each append while another one writes as often, longer with each conflict', () => {
    world.append();
    for (let i = 0; i < 20; i += 1) {
      world.foreign();
      world.append();
    }
    expect(world.turns.contended(STREAM)).toBe(true);
    const least = world.gap();
    expect(least).toBeGreaterThan(3);
    world.random = 0.99;
    const most = () => ((world.random = 0.99), world.turns.gap(STREAM));
    // The die decides whether a gap is left as well; after so many meetings it always is.
    const calm = most();
    expect(calm).toBeGreaterThan(least);
    for (let i = 0; i < 5; i += 1) world.turns.conflict(STREAM);
    expect(most()).toBeGreaterThan(calm + 4 * 4 * 0.9);
    for (let i = 0; i < 100; i += 1) world.turns.conflict(STREAM);
    expect(most()).toBeLessThanOrEqual(4 * 9);
  });

  it('a gap counts from the last append, and is over when so long nobody wrote', () => {
    world.append();
    world.turns.conflict(STREAM);
    world.append();
    const gap = world.gap();
    expect(gap).toBeGreaterThan(0);
    world.at += gap - 1;
    expect(world.gap()).toBeCloseTo(1);
    world.at += 1;
    expect(world.gap()).toBe(0);
  });

  it('a rival that comes seldom is left a gap seldom, and at least every 30 ms', () => {
    world.append();
    world.foreign();
    for (let i = 0; i < 30; i += 1) {
      world.append(1);
      world.at += 1.5;
    }
    expect(world.turns.contended(STREAM)).toBe(false);
    world.random = 0.5;
    let [gaps, appends] = [0, 0];
    for (const end = world.at + 600; world.at < end; appends += 1) {
      world.append(1);
      const gap = world.gap();
      if (gap > 0) gaps += 1;
      world.at += gap;
    }
    expect(gaps).toBeGreaterThanOrEqual(600 / 35);
    expect(gaps).toBeLessThan(appends / 15);
  });

  it('a second after the last sign of another one it is as before', () => {
    world.append();
    for (let i = 0; i < 20; i += 1) {
      world.turns.conflict(STREAM);
      world.append();
    }
    expect(world.gap()).toBeGreaterThan(0);
    world.at += 1_001;
    world.append();
    expect([world.gap(), world.turns.contended(STREAM)]).toEqual([0, false]);
  });

  it('what a process wrote itself, or saw before, is no sign of another one', () => {
    world.append();
    world.turns.seen(STREAM, 1);
    world.turns.seen(STREAM, 0);
    world.append();
    expect(world.gap()).toBe(0);
    world.foreign();
    world.append();
    expect(world.gap()).toBeGreaterThan(0);
  });

  it('gaps and pauses are bounded on the slowest store, and still at random there', () => {
    for (let i = 0; i < 30; i += 1) {
      world.turns.conflict(STREAM);
      world.append(1_000);
    }
    const gaps = [0, 0.5, 0.999].map((random) => ((world.random = random), world.gap()));
    expect(gaps[0]).toBe(50);
    expect(gaps[1]).toBe(75);
    expect(gaps[2]).toBeCloseTo(100, 0);
    expect(world.turns.pauseAfter(STREAM, 40)).toBeLessThanOrEqual(100);
  });

  it('after one conflict nobody pauses, after more at random, up to a few turns', () => {
    world.random = 1;
    world.append(4);
    for (let i = 0; i < 100; i += 1) world.append(4);
    const pauses = [1, 2, 3, 5, 50].map((conflicts) => Math.round(world.turns.pauseAfter(STREAM, conflicts)));
    expect(pauses).toEqual([0, 4, 8, 16, 16]);
    world.random = 0;
    expect(world.turns.pauseAfter(STREAM, 5)).toBe(0);
  });

  it('streams have nothing to do with each other', () => {
    world.append();
    world.turns.conflict(STREAM);
    world.append();
    expect([world.turns.gap('operation-2'), world.turns.contended('operation-2')]).toEqual([0, false]);
  });
});
