import type { NewEvent } from './event-store.port.js';
import { randomId } from './ids.js';
import { MemoryEventStore } from './testing/memory-event-store.js';
import { CLOCK_CONFIRMED, CLOCK_STREAM, MAX_JUMP_MS, TrustedClock } from './trusted-clock.js';

const T = Date.parse('2026-11-20T12:00:00.000Z');
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** A machine's clocks: time that passes moves both, a jump moves the wall clock alone. */
class Machine {
  private passed = 0;
  constructor(private offset: number = T) {}
  wall = (): number => this.offset + this.passed;
  monotonic = (): number => 5_000 + this.passed;
  pass(ms: number): void {
    this.passed += ms;
  }
  jump(ms: number): void {
    this.offset += ms;
  }
}

describe('TrustedClock', () => {
  let machine: Machine;
  let clock: TrustedClock;
  beforeEach(() => {
    machine = new Machine();
    clock = new TrustedClock(machine);
  });

  it('shows the wall clock where nothing says otherwise', () => {
    expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
    machine.pass(HOUR);
    expect(clock.now()).toEqual({ closing: iso(T + HOUR), opening: iso(T + HOUR) });
    expect(clock.jumped()).toBeUndefined();
  });

  describe('rule 14: what closes and what opens', () => {
    it('closing is not before the latest event, opening is the wall clock alone', () => {
      clock.observe(iso(T + 30_000), 1n);
      expect(clock.now()).toEqual({ closing: iso(T + 30_000), opening: iso(T) });
      clock.observe(iso(T + 10_000), 2n);
      expect(clock.now().closing).toBe(iso(T + 30_000));
      machine.pass(30_001);
      expect(clock.now()).toEqual({ closing: iso(T + 30_001), opening: iso(T + 30_001) });
    });

    it('closing never goes back, opening does with the wall clock', () => {
      clock.now();
      machine.jump(-50_000);
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T - 50_000) });
      machine.pass(50_001);
      expect(clock.now()).toEqual({ closing: iso(T + 1), opening: iso(T + 1) });
    });

    it('closing never goes back, whatever jumps and whatever is observed', () => {
      let last = '';
      for (let i = 0; i < 300; i += 1) {
        if (i % 3 === 0) machine.jump(((i * 7_919) % 200_001) - 100_000);
        if (i % 5 === 0) clock.observe(iso(T + ((i * 104_729) % 400_000)), BigInt(i));
        machine.pass(i % 1_000);
        const { closing, opening } = clock.now();
        expect(opening).toBe(iso(machine.wall()));
        expect(closing >= last && closing >= opening).toBe(true);
        last = closing;
      }
    });
  });

  describe('rule 14: a jump of the wall clock', () => {
    it.each([-MAX_JUMP_MS, MAX_JUMP_MS, -1, 1, 0])('of %d ms is none', (ms) => {
      machine.jump(ms);
      expect(clock.jumped()).toBeUndefined();
      machine.pass(100 * HOUR);
      expect(clock.jumped()).toBeUndefined();
    });

    it.each([-MAX_JUMP_MS - 1, MAX_JUMP_MS + 1, -HOUR, HOUR])('of %d ms stops, also when it is taken back', (ms) => {
      machine.jump(ms);
      expect(clock.jumped()).toContain(`jumped by ${Math.round(ms / 1000)} s`);
      machine.jump(-ms);
      expect(clock.jumped()).toContain('jumped');
    });

    it('is noticed by whoever asks for the time', () => {
      machine.jump(HOUR);
      clock.now();
      machine.jump(-HOUR);
      expect(clock.jumped()).toBeDefined();
    });

    it('in small steps adds up', () => {
      for (let i = 0; i < 6; i += 1) {
        machine.jump(10_000);
        expect(clock.jumped()).toBeUndefined();
      }
      machine.jump(1);
      expect(clock.jumped()).toBeDefined();
    });
  });

  describe('rule 14: what others are told', () => {
    it('is what closes, as long as the clock is trusted', () => {
      clock.observe(iso(T + 30_000), 1n);
      expect(clock.written()).toBe(iso(T + 30_000));
      machine.pass(HOUR);
      machine.jump(MAX_JUMP_MS);
      expect(clock.written()).toBe(iso(T + HOUR + MAX_JUMP_MS));
      expect(clock.written()).toBe(clock.now().closing);
    });

    it('is no clock that jumped ahead, by which this process itself closes: others are not stopped by it', () => {
      machine.jump(HOUR);
      machine.pass(1_000);
      expect(clock.now().closing).toBe(iso(T + HOUR + 1_000));
      expect(clock.written()).toBe(iso(T + 1_000));
      const other = new TrustedClock(new Machine(T + 1_000));
      other.observe(clock.written(), 1n);
      expect(other.jumped()).toBeUndefined();
    });

    it('goes on while the clock lies behind, and never goes back', () => {
      machine.pass(HOUR);
      clock.now();
      machine.jump(-HOUR);
      machine.pass(1_000);
      expect(clock.written()).toBe(iso(T + HOUR + 1_000));
      clock.observe(iso(T + HOUR + 5_000), 1n);
      expect(clock.written()).toBe(iso(T + HOUR + 5_000));
      machine.jump(HOUR);
      expect(clock.written()).toBe(iso(T + HOUR + 5_000));
    });

    it('is what was confirmed', () => {
      machine.jump(HOUR);
      expect(clock.written()).toBe(iso(T));
      clock.confirm(iso(T + HOUR), 1n);
      expect(clock.written()).toBe(iso(T + HOUR));
      machine.jump(-2 * HOUR);
      clock.confirm(iso(T - HOUR), 2n);
      expect(clock.written()).toBe(iso(T - HOUR));
    });
  });

  describe('rule 14: events that were written later than the wall clock shows', () => {
    it.each([[MAX_JUMP_MS, false], [MAX_JUMP_MS + 1, true], [HOUR, true]])('by %d ms: stopped is %p', (ms, stopped) => {
      clock.observe(iso(T + ms), 1n);
      expect(clock.jumped() !== undefined).toBe(stopped);
      expect(clock.now()).toEqual({ closing: iso(T + ms), opening: iso(T) });
    });

    it('an event of the past says nothing', () => {
      clock.observe(iso(T - 100 * HOUR), 1n);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now().closing).toBe(iso(T));
    });

    it('a time that is none says nothing', () => {
      clock.observe('soon', 1n);
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
    });
  });

  describe('rule 14: confirmation', () => {
    it('clears the fault, and events before it count no longer', () => {
      clock.observe(iso(T + HOUR), 10n);
      expect(clock.jumped()).toBeDefined();
      clock.confirm(iso(T), 20n);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
      for (const position of [10n, 19n, 20n]) clock.observe(iso(T + HOUR), position);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now().closing).toBe(iso(T));
      clock.observe(iso(T + HOUR), 21n);
      expect(clock.jumped()).toBeDefined();
      expect(clock.now().closing).toBe(iso(T + HOUR));
    });

    it('vouches for the clock as it is then: the way back is a jump again', () => {
      machine.jump(HOUR);
      expect(clock.jumped()).toBeDefined();
      clock.confirm(iso(machine.wall()), 1n);
      expect(clock.jumped()).toBeUndefined();
      machine.jump(-HOUR);
      expect(clock.jumped()).toBeDefined();
    });

    it('after a jump ahead and back closing is the confirmed time again', () => {
      machine.jump(HOUR);
      expect(clock.now().closing).toBe(iso(T + HOUR));
      machine.jump(-HOUR);
      expect(clock.now().closing).toBe(iso(T + HOUR));
      clock.confirm(iso(machine.wall()), 1n);
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
    });

    it('an earlier one, and the same one again, change nothing', () => {
      clock.confirm(iso(T), 20n);
      clock.observe(iso(T + HOUR), 30n);
      clock.confirm(iso(T), 20n);
      clock.confirm(iso(T), 5n);
      expect(clock.jumped()).toBeDefined();
      expect(clock.now().closing).toBe(iso(T + HOUR));
      clock.confirm(iso(T), 31n);
      expect(clock.jumped()).toBeUndefined();
    });

    it('vouches for no clock that lies behind it', () => {
      clock.confirm(iso(T + MAX_JUMP_MS), 1n);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now()).toEqual({ closing: iso(T + MAX_JUMP_MS), opening: iso(T) });
      clock.confirm(iso(T + HOUR), 2n);
      expect(clock.jumped()).toContain('events were written at');
      expect(clock.now()).toEqual({ closing: iso(T + HOUR), opening: iso(T) });
    });
  });

  describe('rule 14: confirmation, with several processes', () => {
    /** Of another process, whose clock is right. */
    const confirmed = (): string => iso(T);
    beforeEach(() => clock.start(new MemoryEventStore()));

    it('a clock that jumped ahead and is still there keeps its fault: nobody vouched for it', () => {
      machine.jump(HOUR);
      expect(clock.jumped()).toContain('jumped');
      clock.confirm(confirmed(), 1n);
      expect(clock.jumped()).toBe(`the clock shows ${iso(T + HOUR)}, and ${iso(T)} was confirmed`);
      machine.jump(-HOUR);
      expect(clock.jumped()).toContain('was confirmed');
      clock.confirm(confirmed(), 2n);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
    });

    it('a jump that nobody had asked about until then counts too', () => {
      machine.jump(HOUR);
      clock.confirm(confirmed(), 1n);
      expect(clock.jumped()).toContain('was confirmed');
    });

    it('a clock that jumped and is back is cleared, within 60 s', () => {
      machine.jump(HOUR);
      clock.now();
      machine.jump(MAX_JUMP_MS - HOUR);
      clock.confirm(confirmed(), 1n);
      expect(clock.jumped()).toBeUndefined();
    });

    it('a clock without a fault hears of a confirmation late and goes on', () => {
      machine.pass(10 * HOUR);
      clock.confirm(confirmed(), 1n);
      expect(clock.jumped()).toBeUndefined();
    });
  });

  describe('rule 14: a start', () => {
    let store: MemoryEventStore;
    beforeEach(() => (store = new MemoryEventStore()));
    const write = async (stream: string, at: number, type = 'x.happened.v1', data: unknown = {}): Promise<void> => {
      const [last] = await store.readStream(stream, { limit: 1, direction: 'backward' });
      const event: NewEvent = { id: randomId(), type, data, metadata: { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: iso(at) } };
      await store.append(stream, last?.revision ?? 'no-stream', [event]);
    };
    const confirm = (wall: number, at = wall): Promise<void> => write(CLOCK_STREAM, at, CLOCK_CONFIRMED, { confirmedAt: iso(wall), fault: null, personal: { comment: 'checked' } });

    it('in an empty store shows the wall clock', async () => {
      await clock.start(store);
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
      expect(clock.jumped()).toBeUndefined();
    });

    it('with a wall clock behind the last event by an hour stops', async () => {
      await write('x-1', T + HOUR);
      await clock.start(store);
      expect(clock.jumped()).toBeDefined();
      expect(clock.now()).toEqual({ closing: iso(T + HOUR), opening: iso(T) });
    });

    it('with a wall clock a little behind goes on, from the time of the last event', async () => {
      await write('x-1', T + 40_000);
      await clock.start(store);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now()).toEqual({ closing: iso(T + 40_000), opening: iso(T) });
    });

    it('finds the confirmation again, and what was written before it counts no longer', async () => {
      await write('x-1', T + HOUR);
      await confirm(T - 60_000, T + HOUR);
      await clock.start(store);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now()).toEqual({ closing: iso(T), opening: iso(T) });
    });

    it('what was written after the confirmation counts', async () => {
      await confirm(T - 60_000);
      await write('x-1', T + HOUR);
      await clock.start(store);
      expect(clock.jumped()).toBeDefined();
    });

    it('with a wall clock an hour behind a confirmation stops, also when that is the last event', async () => {
      await confirm(T + HOUR);
      await clock.start(store);
      expect(clock.jumped()).toBeDefined();
      expect(clock.now()).toEqual({ closing: iso(T + HOUR), opening: iso(T) });
    });

    it('the last of several confirmations counts', async () => {
      await confirm(T + 5 * HOUR);
      await write('x-1', T + 5 * HOUR);
      await confirm(T);
      await clock.start(store);
      expect(clock.jumped()).toBeUndefined();
      expect(clock.now().closing).toBe(iso(T));
    });

    it('long after a confirmation goes on', async () => {
      await confirm(T - 100 * HOUR);
      await clock.start(store);
      expect(clock.jumped()).toBeUndefined();
    });

    it('follows what a subscription brings, confirmations too', async () => {
      await clock.start(store);
      await write('x-1', T + HOUR);
      await confirm(T);
      for (const event of await store.readAll({ limit: 10 })) {
        clock.follow(event);
        expect(clock.jumped() === undefined).toBe(event.type === CLOCK_CONFIRMED);
      }
      expect(clock.now().closing).toBe(iso(T));
    });
  });
});
