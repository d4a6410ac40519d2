import { DomainError } from '#kernel/domain-error.js';
import { AppendTooLargeError, MAX_APPEND_BYTES } from './event-store.port.js';
import { derivedId, randomId } from './ids.js';
import { add, asked, AT, COUNTER, counterProcess, standingClock } from './testing/counter.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const code = (expected: string) => expect.objectContaining({ name: 'DomainError', code: expected }) as unknown;

describe('CommandExecutor', () => {
  let store: FaultyEventStore;
  beforeEach(() => (store = new FaultyEventStore(new MemoryEventStore())));
  const stored = () => store.inner.readStream(COUNTER, { limit: 10_000 });

  it('appends what was decided, with who, when and why', async () => {
    const actor = { issuer: 'i', subject: 's', name: 'Ada', groups: ['g'] };
    const executor = counterProcess(store);
    const first = await executor.execute(add(2, { commandId: derivedId('a'), actor, requestId: 'r-1' }));
    const second = await executor.execute(add(3, { commandId: derivedId('b'), bodyDigest: null }));
    const at = new Date(AT).toISOString();
    const events = await stored();
    expect(events.map((e) => [e.type, e.data, e.metadata])).toEqual([
      ['c.added.v1', { n: 2, pad: '' }, { commandId: derivedId('a'), actor: { issuer: 'i', subject: 's' }, at, bodyDigest: 'body', requestId: 'r-1' }],
      ['c.added.v1', { n: 3, pad: '' }, { commandId: derivedId('b'), actor: { issuer: 'i', subject: 's' }, at }],
    ]);
    expect(first).toMatchObject({ repeated: false, position: events[0]?.position, events: [{ type: 'c.added.v1', id: events[0]?.id }], folded: { revision: 0, state: { sum: 2 } } });
    expect(second).toMatchObject({ repeated: false, position: events[1]?.position, folded: { revision: 1, eventId: events[1]?.id, state: { sum: 5 } } });
  });

  it('rule 14: decides by both readings of time, and writes the one that never goes back', async () => {
    const clock = standingClock();
    clock.observe(new Date(AT + 30_000).toISOString(), 1n);
    const seen: unknown[] = [];
    await counterProcess(store, { clock }).execute({ ...add(1), build: (now) => {
      seen.push(now);
      return { type: 'add', n: 1 };
    } });
    expect(seen).toEqual([{ closing: new Date(AT + 30_000).toISOString(), opening: new Date(AT).toISOString() }]);
    expect((await stored())[0]?.metadata.at).toBe(new Date(AT + 30_000).toISOString());
  });

  it('rule 3: a repetition gives the state right after the earlier answer, its last event included, whatever came since and in any process', async () => {
    const here = counterProcess(store, { limit: 5 });
    const again = { commandId: randomId() };
    const first = await here.execute(add(5, again));
    expect(first.folded).toMatchObject({ revision: 1, state: { sum: 5, full: true, on: true } });
    await here.execute(asked({ type: 'switch', on: false }));
    for (const executor of [here, counterProcess(store, { limit: 5 })]) {
      const repeated = await executor.execute(add(5, again));
      expect(repeated).toMatchObject({ repeated: true, events: [], position: undefined });
      expect(repeated.folded).toMatchObject({ revision: 1, eventId: first.folded.eventId, state: first.folded.state });
    }
    expect(await stored()).toHaveLength(3);
  });

  it('rule 3: another body under the same key is refused and makes no event', async () => {
    const executor = counterProcess(store);
    const commandId = randomId();
    await executor.execute(add(1, { commandId, bodyDigest: 'one' }));
    for (const bodyDigest of ['two', null]) await expect(executor.execute(add(1, { commandId, bodyDigest }))).rejects.toEqual(code('IDEMPOTENCY_KEY_REUSED'));
    await expect(counterProcess(store).execute(add(1, { commandId, bodyDigest: 'two' }))).rejects.toEqual(code('IDEMPOTENCY_KEY_REUSED'));
    expect(await stored()).toHaveLength(1);
  });

  it('rule 3: a refusal and an "already so" are no answer: a retry is decided anew', async () => {
    const executor = counterProcess(store);
    const [refused, needless] = [{ commandId: randomId() }, { commandId: randomId(), bodyDigest: 'on' }];
    await executor.execute(asked({ type: 'switch', on: false }));
    await expect(executor.execute(add(1, refused))).rejects.toEqual(code('KEY_DISABLED'));
    expect(await executor.execute(asked({ type: 'switch', on: false }, needless))).toMatchObject({ events: [], repeated: false, position: undefined, folded: { revision: 0 } });
    await executor.execute(asked({ type: 'switch', on: true }));
    expect(await executor.execute(add(1, refused))).toMatchObject({ repeated: false, folded: { state: { sum: 1 } } });
    expect(await executor.execute(asked({ type: 'switch', on: false }, needless))).toMatchObject({ repeated: false, folded: { state: { on: false } } });
  });

  it('rule 3: two people use the same key at the same instant, through two processes: both are in the trail', async () => {
    const [orderer, administrator] = ['orderer', 'administrator'].map((subject) => ({ commandId: derivedId('https://idp', subject, 'POST', '/v1/x', 'key-1'), actor: { issuer: 'https://idp', subject } }));
    const [one, two] = [counterProcess(store), counterProcess(store)];
    const answers = await Promise.all([one.execute(add(1, orderer)), two.execute(asked({ type: 'switch', on: false }, administrator))]);
    expect(answers.map((a) => a.repeated)).toEqual([false, false]);
    expect((await stored()).map((e) => e.metadata.actor.subject).sort()).toEqual(['administrator', 'orderer']);
    for (const executor of [one, two, counterProcess(store)]) {
      expect((await executor.execute(add(1, orderer))).folded.revision).toBe(answers[0]?.folded.revision);
      expect((await executor.execute(asked({ type: 'switch', on: false }, administrator))).folded.revision).toBe(answers[1]?.folded.revision);
    }
    expect(await stored()).toHaveLength(2);
  });

  it('rule 3: the same command at the same instant, through two processes and twice in each, is done once', async () => {
    const again = { commandId: randomId() };
    const answers = await Promise.all([counterProcess(store), counterProcess(store)].flatMap((p) => [p.execute(add(1, again)), p.execute(add(1, again))]));
    expect(answers.filter((a) => !a.repeated)).toHaveLength(1);
    expect(answers.map((a) => a.folded.state.sum)).toEqual([1, 1, 1, 1]);
    expect(await stored()).toHaveLength(1);
  });

  it('the same command twice in one batch: the second is the repetition of the first, with another body it is refused', async () => {
    const executor = counterProcess(store);
    const again = { commandId: randomId() };
    const [first, second, other, last] = await Promise.allSettled([executor.execute(add(1, again)), executor.execute(add(1, again)), executor.execute(add(1, { ...again, bodyDigest: 'other' })), executor.execute(add(1))]);
    expect(first).toMatchObject({ value: { repeated: false } });
    expect(second).toMatchObject({ value: { repeated: true, events: [], folded: { revision: 0 } } });
    expect(other).toMatchObject({ reason: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(last).toMatchObject({ value: { repeated: false, folded: { state: { sum: 2 } } } });
    expect(await stored()).toHaveLength(2);
  });

  it('rule 13: on and off over two processes, one behind: "already so" is decided from the fresh state', async () => {
    const [here, behind] = [counterProcess(store), counterProcess(store)];
    await behind.execute(add(1));
    await here.execute(asked({ type: 'switch', on: false }));
    expect(behind.states.cached(COUNTER)?.state.on).toBe(true);
    const on = await behind.execute(asked({ type: 'switch', on: true }));
    expect(on.events).toHaveLength(1);
    expect((await here.execute(asked({ type: 'switch', on: true }))).events).toEqual([]);
    expect((await stored()).map((e) => e.data)).toEqual([{ n: 1, pad: '' }, { on: false }, { on: true }]);
  });

  it('rule 13: a refusal is given from the fresh state, alone and beside others', async () => {
    const [here, behind] = [counterProcess(store), counterProcess(store)];
    await behind.execute(asked({ type: 'switch', on: false }));
    await here.execute(asked({ type: 'switch', on: true }));
    expect(await behind.execute(add(1))).toMatchObject({ folded: { state: { sum: 1 } } });
    await here.execute(asked({ type: 'switch', on: false }));
    await here.execute(asked({ type: 'switch', on: true }));
    await behind.execute(asked({ type: 'switch', on: false }));
    await here.execute(asked({ type: 'switch', on: true }));
    const both = await Promise.all([behind.execute(add(1)), behind.execute(asked({ type: 'switch', on: false }))]);
    expect(both.map((a) => a.events.length)).toEqual([1, 1]);
  });

  it('rule 13: a refusal that stands is given after one look at the leader', async () => {
    const executor = counterProcess(store);
    await executor.execute(asked({ type: 'switch', on: false }));
    store.reads.length = 0;
    await expect(executor.execute(add(1))).rejects.toEqual(code('KEY_DISABLED'));
    expect(store.reads).toEqual([{ stream: COUNTER, from: 0 }]);
  });

  it('decides again after a conflict: two processes never go over the limit', async () => {
    let conflicts = 0;
    const process = () => counterProcess(store, { limit: 10, batch: 1, observe: { conflict: () => (conflicts += 1) } });
    const [one, two] = [process(), process()];
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? one : two).execute(add(1))));
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(10);
    for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toEqual(code('USAGE_EXHAUSTED'));
    expect(await stored()).toHaveLength(11);
    expect(conflicts).toBeGreaterThan(0);
  });

  it('appends what waits together, in order, each answered with its own state', async () => {
    const executor = counterProcess(store);
    const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => executor.execute(add(i + 1))));
    expect(store.appends.map((a) => a.events.length)).toEqual([150]);
    expect(answers.map((a) => a.folded.revision)).toEqual(answers.map((_, i) => i));
    expect(answers.map((a) => a.folded.state.sum)).toEqual(answers.map((_, i) => ((i + 1) * (i + 2)) / 2));
    const events = await stored();
    expect(answers.map((a) => a.events.map((e) => e.id))).toEqual(events.map((e) => [e.id]));
    expect(new Set(answers.map((a) => a.position))).toEqual(new Set([events.at(-1)?.position]));
  });

  it('takes at most a batch at once', async () => {
    const executor = counterProcess(store, { batch: 10 });
    await Promise.all(Array.from({ length: 95 }, () => executor.execute(add(1))));
    expect(store.appends.map((a) => a.events.length)).toEqual([...Array<number>(9).fill(10), 5]);
  });

  it('cuts a batch before the limit of an append, whatever makes up its size', async () => {
    const executor = counterProcess(store);
    await Promise.all(Array.from({ length: 8 }, () => executor.execute(asked({ type: 'add', n: 1, pad: 'ä'.repeat(150_000) }))));
    expect(store.appends.map((a) => a.events.length)).toEqual([3, 3, 2]);
    store.appends.length = 0;
    // Small events, many of them: their ids and names count as well.
    await Promise.all(Array.from({ length: 200 }, () => executor.execute(asked({ type: 'add', n: 1, pad: 'x'.repeat(300), parts: 10 }))));
    expect(store.appends.length).toBeGreaterThan(1);
    for (const { events } of store.appends) expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThan(MAX_APPEND_BYTES);
  });

  it('a command that no append can hold fails alone', async () => {
    const executor = counterProcess(store);
    const [one, huge, two] = await Promise.allSettled([executor.execute(add(1)), executor.execute(asked({ type: 'add', n: 1, pad: 'x'.repeat(MAX_APPEND_BYTES) })), executor.execute(add(1))]);
    expect([one.status, two.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(huge).toMatchObject({ reason: expect.any(AppendTooLargeError) as unknown });
    expect(await stored()).toHaveLength(2);
  });

  it('a command that breaks fails alone, and was then not done, also when its batch is decided again', async () => {
    const executor = counterProcess(store);
    await executor.execute(add(1));
    await counterProcess(store).execute(add(1));
    let built = 0;
    const breaks = { ...add(100), build: () => {
      if ((built += 1) === 1) throw new TypeError('broken');
      return { type: 'add', n: 100 } as const;
    } };
    const [one, broken] = await Promise.allSettled([executor.execute(add(1)), executor.execute(breaks)]);
    expect(one).toMatchObject({ status: 'fulfilled' });
    const { sum } = (await executor.states.refresh(COUNTER)).state;
    expect(sum).toBe(broken.status === 'fulfilled' ? 103 : 3);
  });

  it('lets a bounded number of commands wait for one stream', async () => {
    const executor = counterProcess(store, { waitingPerStream: 5, batch: 1 });
    const outcomes = await Promise.allSettled([...Array.from({ length: 8 }, () => executor.execute(add(1))), executor.execute({ ...add(1), stream: 'counter-2' })]);
    expect(outcomes.map((o) => o.status)).toEqual([...Array<string>(5).fill('fulfilled'), ...Array<string>(3).fill('rejected'), 'fulfilled']);
    for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toMatchObject({ code: 'RATE_LIMITED', more: { retryAfterSeconds: 1 } });
    expect(await executor.execute(add(1))).toMatchObject({ repeated: false });
  });

  it('streams do not wait for each other', async () => {
    const executor = counterProcess(store);
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    store.beforeAppend = (n) => (n === 1 ? held : Promise.resolve());
    const first = executor.execute(add(1));
    expect(await executor.execute({ ...add(1), stream: 'counter-2' })).toMatchObject({ folded: { revision: 0 } });
    go();
    expect(await first).toMatchObject({ folded: { revision: 0 } });
  });

  it('a refusal is a DomainError that did not touch the others of its batch', async () => {
    const executor = counterProcess(store, { limit: 3 });
    const outcomes = await Promise.allSettled([2, 2, 1].map((n) => executor.execute(add(n))));
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: expect.any(DomainError) as unknown });
    expect((await executor.states.refresh(COUNTER)).state).toEqual({ sum: 3, on: true, full: true });
  });
});

describe('CommandExecutor: precheck', () => {
  it('is asked over the state at whose revision the events go, and again after every conflict', async () => {
    const store = new FaultyEventStore(new MemoryEventStore());
    const [here, there] = [counterProcess(store), counterProcess(store)];
    await here.execute(add(1));
    const seen: number[] = [];
    let others = 0;
    const request = asked({ type: 'add', n: 1 }, {}, async (folded) => {
      seen.push(folded.revision);
      if ((others += 1) <= 3) await there.execute(add(1));
      return 'new';
    });
    expect(await here.execute(request)).toMatchObject({ repeated: false, folded: { revision: 4 } });
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('"answered" ends the command as a repetition that makes no event', async () => {
    const store = new FaultyEventStore(new MemoryEventStore());
    const executor = counterProcess(store);
    await executor.execute(add(1));
    const answers = await Promise.all([executor.execute(asked({ type: 'add', n: 1 }, {}, () => Promise.resolve('answered'))), executor.execute(add(1))]);
    expect(answers[0]).toMatchObject({ repeated: true, events: [], position: undefined, folded: { state: { sum: 1 } } });
    expect(answers[1]).toMatchObject({ repeated: false, folded: { state: { sum: 2 } } });
  });

  it('"answered" comes before a refusal', async () => {
    const executor = counterProcess(new MemoryEventStore());
    await executor.execute(asked({ type: 'switch', on: false }));
    expect(await executor.execute(asked({ type: 'add', n: 1 }, {}, () => Promise.resolve('answered')))).toMatchObject({ repeated: true });
  });

  it('a refusal from a state that lay behind is not given before it was asked again', async () => {
    const store = new MemoryEventStore();
    const [here, behind] = [counterProcess(store), counterProcess(store)];
    await behind.execute(asked({ type: 'switch', on: false }));
    await here.execute(asked({ type: 'switch', on: true }));
    const seen: number[] = [];
    const request = asked({ type: 'add', n: 1 }, {}, (folded) => {
      seen.push(folded.revision);
      return Promise.resolve('new');
    });
    expect(await behind.execute(request)).toMatchObject({ repeated: false });
    expect(seen).toEqual([0, 1]);
  });

  it('one that fails rejects those who wait with it, and the next command works', async () => {
    const executor = counterProcess(new MemoryEventStore());
    const outcomes = await Promise.allSettled([executor.execute(asked({ type: 'add', n: 1 }, {}, () => Promise.reject(new Error('unreachable')))), executor.execute(add(1))]);
    expect(outcomes.map((o) => o.status)).toEqual(['rejected', 'rejected']);
    expect(await executor.execute(add(1))).toMatchObject({ folded: { revision: 0 } });
  });
});
