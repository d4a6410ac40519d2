import { jest } from '@jest/globals';
import { StoreUnavailableError } from './event-store.port.js';
import { randomId } from './ids.js';
import { pause } from './pause.js';
import { StreamTurns } from './stream-turns.js';
import { add, asked, COUNTER, counterProcess } from './testing/counter.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import type { Fault } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const unavailable = expect.any(StoreUnavailableError) as unknown;
const urgent = <T extends object>(request: T): T & { readonly urgent: true } => ({ ...request, urgent: true });

/** Waits whenever it could: so long after each append, and after each conflict. */
class Waiting extends StreamTurns {
  constructor(private readonly ms: number) {
    super();
  }
  override gap(): number {
    return this.ms;
  }
  override pauseAfter(_: string, conflicts: number): number {
    return conflicts > 0 ? this.ms : 0;
  }
}

describe('CommandExecutor among other writers', () => {
  let store: FaultyEventStore;
  beforeEach(() => {
    jest.useFakeTimers();
    store = new FaultyEventStore(new MemoryEventStore());
  });
  afterEach(() => jest.useRealTimers());
  const stored = () => store.inner.readStream(COUNTER, { limit: 10_000 });
  const sizes = () => store.appends.map((a) => a.events.length);

  it('what waits while it leaves a gap is appended together', async () => {
    const executor = counterProcess(store, { turns: new Waiting(20) });
    const begun = [executor.execute(add(1))];
    for (let i = 0; i < 9; i += 1) {
      await jest.advanceTimersByTimeAsync(2);
      begun.push(executor.execute(add(1)));
    }
    await jest.runAllTimersAsync();
    expect((await Promise.all(begun)).map((a) => a.folded.revision)).toEqual([...begun.keys()]);
    expect(sizes()).toEqual([10]);
  });

  it('after a conflict the tail is read once, and who came meanwhile is decided with the others', async () => {
    const executor = counterProcess(store, { turns: new Waiting(0) });
    await executor.execute(add(1));
    await counterProcess(store.inner).execute(add(1));
    store.reads.length = 0;
    store.appends.length = 0;
    store.beforeAppend = (n) => pause(n === 1 ? 20 : 0);
    const begun = [executor.execute(add(1))];
    await jest.advanceTimersByTimeAsync(10);
    begun.push(executor.execute(add(1)), executor.execute(add(1)));
    await jest.runAllTimersAsync();
    expect((await Promise.all(begun)).map((a) => a.folded.state.sum)).toEqual([3, 4, 5]);
    expect(sizes()).toEqual([1, 3]);
    expect(store.reads).toEqual([{ stream: COUNTER, from: 0 }]);
  });

  it('rule 13: who joins after a conflict is refused only by what was read after he came', async () => {
    const [here, there] = [counterProcess(store, { turns: new Waiting(0) }), counterProcess(store.inner)];
    await here.execute(asked({ type: 'switch', on: false }));
    // The conflict that `on` meets makes its state newer than this refusal asks for, but not newer than the one that joins it.
    await there.execute(asked({ type: 'switch', on: true }));
    await there.execute(asked({ type: 'switch', on: false }));
    store.appends.length = 0;
    store.beforeAppend = async (n) => {
      if (n === 1) await pause(20);
    };
    const on = here.execute(asked({ type: 'switch', on: true }));
    await jest.advanceTimersByTimeAsync(10);
    await there.execute(asked({ type: 'switch', on: true }));
    const joined = here.execute(add(1));
    await jest.runAllTimersAsync();
    expect(await on).toMatchObject({ events: [] });
    expect(await joined).toMatchObject({ folded: { state: { sum: 1 } } });
  });

  it('where others write often it looks first, instead of running into them', async () => {
    const turns = new StreamTurns();
    let conflicts = 0;
    const [here, there] = [counterProcess(store, { turns, observe: { conflict: () => (conflicts += 1) } }), counterProcess(store.inner)];
    const both = async (rounds: number): Promise<number> => {
      conflicts = 0;
      for (let i = 0; i < rounds; i += 1) {
        const begun = Promise.all([there.execute(add(1)).then(() => here.execute(add(1)))]);
        await jest.runAllTimersAsync();
        await begun;
      }
      return conflicts;
    };
    await both(5);
    expect(turns.contended(COUNTER)).toBe(true);
    expect(await both(20)).toBe(0);
    expect(await stored()).toHaveLength(50);
  });

  it('an urgent command goes before all that waits, and ends a gap', async () => {
    const executor = counterProcess(store, { turns: new Waiting(1_000) });
    const first = executor.execute(add(1));
    await jest.advanceTimersByTimeAsync(10);
    const off = executor.execute(urgent(asked({ type: 'switch', on: false })));
    const order = executor.execute(add(1));
    order.catch(() => undefined);
    first.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(1);
    expect(await off).toMatchObject({ folded: { revision: 0, state: { on: false } } });
    await expect(first).rejects.toMatchObject({ code: 'KEY_DISABLED' });
    await expect(order).rejects.toMatchObject({ code: 'KEY_DISABLED' });
  });

  it('an urgent command ends a pause after conflicts, and leaves none of its own at first', async () => {
    const executor = counterProcess(store, { turns: new Waiting(1_000) });
    store.faults = ['conflict'];
    const first = executor.execute(urgent(add(1)));
    await jest.advanceTimersByTimeAsync(1);
    expect(await first).toMatchObject({ folded: { revision: 0 } });
    store.faults = ['conflict'];
    const second = executor.execute(add(1));
    await jest.advanceTimersByTimeAsync(1_001);
    expect(store.faults).toEqual([]);
    const third = executor.execute(urgent(asked({ type: 'switch', on: false })));
    second.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(1);
    expect(await third).toMatchObject({ folded: { revision: 1 } });
    await expect(second).rejects.toMatchObject({ code: 'KEY_DISABLED' });
  });

  it('gives each command up after its own conflicts: nothing of it is there, and who came later goes on', async () => {
    const executor = counterProcess(store, { conflicts: 5 });
    const again = { commandId: randomId() };
    store.faults = Array<Fault>(8).fill('conflict');
    store.beforeAppend = () => pause(1);
    const early = executor.execute(add(1, again));
    early.catch(() => undefined);
    while (store.faults.length > 4) await jest.advanceTimersByTimeAsync(1);
    const late = executor.execute(add(2));
    await jest.runAllTimersAsync();
    await expect(early).rejects.toEqual(unavailable);
    expect(await late).toMatchObject({ repeated: false, folded: { state: { sum: 2 } } });
    const outcome = executor.execute(add(1, again));
    await jest.runAllTimersAsync();
    expect(await outcome).toMatchObject({ repeated: false, folded: { state: { sum: 3 } } });
  });

  it('an urgent command is given up by time alone, without holding the thread', async () => {
    const executor = counterProcess(store, { conflicts: 2, waitMs: 1_000 });
    store.faults = Array<Fault>(100_000).fill('conflict');
    const outcome = executor.execute(urgent(add(1)));
    outcome.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(3_000);
    await expect(outcome).rejects.toEqual(unavailable);
    expect(store.appends.length).toBeGreaterThan(10);
    expect(await stored()).toEqual([]);
  });

  it('no command waits for ever behind a slow store: who has waited too long is told, and was not done', async () => {
    const executor = counterProcess(store, { batch: 1, waitMs: 2_500 });
    store.beforeAppend = () => pause(1_000);
    const begun = Array.from({ length: 6 }, () => executor.execute(add(1)));
    const outcomes = Promise.allSettled(begun);
    await jest.runAllTimersAsync();
    expect((await outcomes).map((o) => o.status)).toEqual([...Array<string>(3).fill('fulfilled'), ...Array<string>(3).fill('rejected')]);
    expect((await outcomes).at(-1)).toMatchObject({ reason: unavailable });
    expect(await stored()).toHaveLength(3);
  });

  it('lets a bounded number of commands wait over all streams, and urgent ones beside them', async () => {
    const executor = counterProcess(store, { waiting: 5, urgentWaiting: 1 });
    const on = (n: number) => ({ ...add(1), stream: `counter-${n}` });
    const outcomes = Promise.allSettled([...Array.from({ length: 7 }, (_, n) => executor.execute(on(n))), executor.execute(urgent(on(8))), executor.execute(urgent(on(9)))]);
    await jest.runAllTimersAsync();
    expect((await outcomes).map((o) => o.status)).toEqual([...Array<string>(5).fill('fulfilled'), 'rejected', 'rejected', 'fulfilled', 'rejected']);
    for (const o of await outcomes) if (o.status === 'rejected') expect(o.reason).toMatchObject({ code: 'RATE_LIMITED', more: { retryAfterSeconds: 1 } });
    const next = executor.execute(on(6));
    await jest.runAllTimersAsync();
    expect(await next).toMatchObject({ folded: { revision: 0 } });
  });

  it('a command counts until it is answered, not only until its turn', async () => {
    const executor = counterProcess(store, { waiting: 3 });
    store.beforeAppend = () => pause(100);
    const on = (n: number) => executor.execute({ ...add(1), stream: `counter-${n}` });
    const begun = Promise.all([on(1), on(2), on(3)]);
    await jest.advanceTimersByTimeAsync(50);
    await expect(on(4)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await jest.runAllTimersAsync();
    await begun;
    const next = on(4);
    await jest.runAllTimersAsync();
    expect(await next).toMatchObject({ folded: { revision: 0 } });
  });
});
