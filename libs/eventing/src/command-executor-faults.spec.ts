import { jest } from '@jest/globals';
import fc from 'fast-check';
import { OutcomeUnknownError, StoreUnavailableError } from './event-store.port.js';
import { randomId } from './ids.js';
import { add, asked, COUNTER, counterProcess } from './testing/counter.js';
import type { CounterCommand } from './testing/counter.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import type { Fault } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

/** Runs what was begun, with pauses in no time. */
async function settled<T>(begun: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
  const outcomes = Promise.allSettled(begun);
  await jest.runAllTimersAsync();
  return outcomes;
}

describe('CommandExecutor over a store that fails', () => {
  let store: FaultyEventStore;
  beforeEach(() => {
    jest.useFakeTimers();
    store = new FaultyEventStore(new MemoryEventStore());
  });
  afterEach(() => jest.useRealTimers());
  const stored = () => store.inner.readStream(COUNTER, { limit: 10_000 });
  const idsSent = () => store.appends.map((a) => [a.expected, ...a.events.map((e) => e.id)]);

  it.each<readonly [string, readonly Fault[]]>([
    ['not written', ['unknown', 'unknown']],
    ['written', ['unknown-after']],
    ['written, and again unknown', ['unknown-after', 'unknown-after', 'unknown']],
    ['written by the second sending', ['unknown', 'unknown-after']],
    ['then unavailable', ['unknown-after', 'unavailable', 'unavailable']],
  ])('rule 3: sends the identical batch again after an unknown outcome: %s', async (_, faults) => {
    const executor = counterProcess(store);
    store.faults = [...faults];
    const outcomes = await settled([executor.execute(add(1)), executor.execute(add(2))]);
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'fulfilled']);
    expect(store.appends).toHaveLength(faults.length + 1);
    expect(new Set(idsSent().map((ids) => JSON.stringify(ids))).size).toBe(1);
    const events = await stored();
    expect(events.map((e) => e.data)).toEqual([{ n: 1, pad: '' }, { n: 2, pad: '' }]);
    expect(outcomes.map((o) => o.status === 'fulfilled' && o.value.events.map((e) => e.id))).toEqual(events.map((e) => [e.id]));
  });

  it('rule 3: a conflict after an unknown outcome is a success when our ids are there', async () => {
    const executor = counterProcess(store);
    store.idempotent = false;
    store.faults = ['unknown-after'];
    const [outcome] = await settled([executor.execute(add(1))]);
    const events = await stored();
    expect(events).toHaveLength(1);
    expect(outcome).toMatchObject({ value: { repeated: false, position: events[0]?.position, events: [{ id: events[0]?.id }] } });
  });

  it('rule 3: a conflict after an unknown outcome is one when the ids of another are there: it is decided again, under new ids', async () => {
    const executor = counterProcess(store, { limit: 2 });
    store.faults = ['unknown'];
    store.beforeAppend = async (n) => {
      if (n === 2) await counterProcess(store.inner, { limit: 2 }).execute(add(2));
    };
    const [outcome] = await settled([executor.execute(add(1))]);
    expect(outcome).toMatchObject({ reason: { code: 'USAGE_EXHAUSTED' } });
    expect((await stored()).map((e) => e.data)).toEqual([{ n: 2, pad: '' }, {}]);
  });

  it('rule 3: ids of a decision anew are other ones, those of a resend are the same', async () => {
    const executor = counterProcess(store);
    store.faults = ['unknown', 'conflict', 'unknown'];
    await settled([executor.execute(add(1))]);
    const ids = store.appends.map((a) => a.events[0]?.id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(ids[2]).not.toBe(ids[1]);
    expect(await stored()).toHaveLength(1);
  });

  it.each<Fault>(['unknown', 'unavailable'])('gives up a resend in the end, as unknown, also when it ends %s: the same command again finds out what became of it', async (last) => {
    const executor = counterProcess(store, { resendForMs: 1_000 });
    const again = { commandId: randomId() };
    store.faults = ['unknown-after', ...Array<Fault>(1_000).fill(last)];
    expect(await settled([executor.execute(add(1, again))])).toMatchObject([{ reason: expect.any(OutcomeUnknownError) as unknown }]);
    expect(store.appends.length).toBeLessThan(30);
    store.faults = [];
    expect(await settled([executor.execute(add(1, again))])).toMatchObject([{ value: { repeated: true, folded: { state: { sum: 1 } } } }]);
    expect(await stored()).toHaveLength(1);
  });

  it('what was unknown stays so when the look by ids fails', async () => {
    const executor = counterProcess(store, { resendForMs: 1_000 });
    await settled([executor.execute(add(1))]);
    store.idempotent = false;
    store.faults = ['unknown-after'];
    store.afterRead = () => Promise.reject(new StoreUnavailableError('gone'));
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ reason: expect.any(OutcomeUnknownError) as unknown }]);
    expect(await stored()).toHaveLength(2);
  });

  it('an unavailable store rejects all who wait, and the next command works', async () => {
    const executor = counterProcess(store);
    store.faults = ['unavailable'];
    const outcomes = await settled([executor.execute(add(1)), executor.execute(add(1)), executor.execute(asked({ type: 'switch', on: false }))]);
    for (const o of outcomes) expect(o).toMatchObject({ reason: expect.any(StoreUnavailableError) as unknown });
    expect(await stored()).toEqual([]);
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ value: { folded: { state: { sum: 1 } } } }]);
  });

  it('a store that can\'t be read rejects, and the next command works', async () => {
    const executor = counterProcess(store);
    store.afterRead = () => Promise.reject(new StoreUnavailableError('gone'));
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ reason: expect.any(StoreUnavailableError) as unknown }]);
    store.afterRead = () => Promise.resolve();
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ value: { folded: { revision: 0 } } }]);
  });

  it('gives up after a bounded number of conflicts, and wrote nothing', async () => {
    let conflicts = 0;
    const executor = counterProcess(store, { conflicts: 6, observe: { conflict: () => (conflicts += 1) } });
    store.faults = Array<Fault>(1_000).fill('conflict');
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ reason: expect.any(StoreUnavailableError) as unknown }]);
    expect([conflicts, store.appends.length]).toEqual([7, 7]);
    store.faults = [];
    expect(await settled([executor.execute(add(1))])).toMatchObject([{ value: { folded: { revision: 0 } } }]);
  });
});

const LIMIT = 30;
const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'none', 'unavailable', 'unknown', 'unknown-after', 'conflict'), { maxLength: 60 });
const command = fc.oneof({ weight: 6, arbitrary: fc.record({ type: fc.constant('add' as const), n: fc.integer({ min: 0, max: 7 }) }) }, { weight: 1, arbitrary: fc.record({ type: fc.constant('switch' as const), on: fc.boolean() }) });
/** Who asks, under which of few keys, and when: in which of the rounds that are sent at once. */
const plan = fc.array(fc.record({ process: fc.nat({ max: 3 }), key: fc.option(fc.nat({ max: 5 })), round: fc.nat({ max: 3 }), command }), { minLength: 1, maxLength: 60 });

describe('CommandExecutor: any number of them over one store with faults', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('never go over the limit, and each acknowledged command is in the log exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(plan, faults, fc.boolean(), async (asks, faulty, idempotent) => {
        const store = new FaultyEventStore(new MemoryEventStore());
        store.faults = [...faulty];
        store.idempotent = idempotent;
        const processes = Array.from({ length: 4 }, () => counterProcess(store, { limit: LIMIT, batch: 5, conflicts: 200 }));
        const ids = Array.from({ length: 6 }, () => randomId());
        const acknowledged: { readonly commandId: string; readonly events: number; readonly repeated: boolean; readonly command: CounterCommand }[] = [];
        for (let round = 0; round < 4; round += 1) {
          await settled(asks.filter((a) => a.round === round).map(async (ask) => {
            const commandId = ask.key === null ? randomId() : (ids[ask.key] ?? '');
            const body = JSON.stringify(ask.command);
            const { events, repeated } = (await processes[ask.process]?.execute(asked(ask.command, { commandId, bodyDigest: body }))) ?? { events: [], repeated: false };
            acknowledged.push({ commandId, events: events.length, repeated, command: ask.command });
          }));
        }
        const log = await store.inner.readStream(COUNTER, { limit: 10_000 });
        let sum = 0;
        for (const e of log) if (e.type === 'c.added.v1') sum += (e.data as { readonly n: number }).n;
        expect(sum).toBeLessThanOrEqual(LIMIT);
        expect(new Set(log.map((e) => e.id)).size).toBe(log.length);
        expect(log.filter((e) => e.type === 'c.filled.v1').length).toBe(sum === LIMIT ? 1 : 0);
        for (const { commandId, events, repeated } of acknowledged) {
          const made = log.filter((e) => e.metadata.commandId === commandId && e.type !== 'c.filled.v1');
          if (events > 0 || repeated) expect(made).toHaveLength(1);
        }
        // No command is there twice, acknowledged or not.
        const commands = log.filter((e) => e.type !== 'c.filled.v1').map((e) => e.metadata.commandId);
        expect(new Set(commands).size).toBe(commands.length);
        // Every process sees the same in the end.
        for (const p of processes) expect((await p.states.refresh(COUNTER)).state.sum).toBe(sum);
      }),
      { numRuns: 150 },
    );
  });
});
