import { ConflictError, StoreUnavailableError } from './event-store.port.js';
import type { NewEvent, RecordedEvent } from './event-store.port.js';
import { FollowingAwaiter } from './following-awaiter.js';
import { randomId } from './ids.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const event = (type: string): NewEvent => ({ id: randomId(), type, data: {}, metadata: { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' } });
const any = (): boolean => true;
const LONG = 30_000;
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

/** Reads of streams wait until they are let go, and can fail. */
class HeldStore extends MemoryEventStore {
  private holds: (() => void)[] | undefined;
  fails = false;
  hold(): void {
    this.holds = [];
  }
  release(): void {
    const held = this.holds ?? [];
    this.holds = undefined;
    for (const go of held) go();
  }
  override async readStream(stream: string, options: Parameters<MemoryEventStore['readStream']>[1]): Promise<readonly RecordedEvent[]> {
    if (this.fails) throw new StoreUnavailableError('held');
    const page = await super.readStream(stream, options);
    await new Promise<void>((go) => (this.holds === undefined ? go() : this.holds.push(go)));
    return page;
  }
}

describe('FollowingAwaiter', () => {
  let store: HeldStore;
  let stop: AbortController;
  let failures: unknown[];
  const started = async (over: { readonly waiters?: number } = {}): Promise<FollowingAwaiter> => {
    const awaiter = new FollowingAwaiter({ store, prefixes: ['key-', 'signOrder-'], failed: (e) => failures.push(e), ...over });
    await awaiter.start(stop.signal);
    return awaiter;
  };
  beforeEach(() => {
    store = new HeldStore();
    stop = new AbortController();
    failures = [];
  });
  afterEach(() => stop.abort());

  it('brings what comes', async () => {
    const awaiter = await started();
    const waited = awaiter.until('key-a', 0, LONG, (e) => e.type === 'wanted');
    await turns();
    await store.append('key-a', 'no-stream', [event('other')]);
    await store.append('key-b', 'no-stream', [event('wanted')]);
    await store.append('key-a', 0, [event('wanted'), event('wanted')]);
    expect(await waited).toMatchObject({ stream: 'key-a', type: 'wanted', revision: 1 });
    expect(awaiter.waiting).toBe(0);
  });

  it('brings what is there, however far on in the stream', async () => {
    await store.append('key-a', 'no-stream', Array.from({ length: 250 }, () => event('other')));
    await store.append('key-a', 249, [event('wanted'), event('wanted')]);
    const awaiter = await started();
    expect(await awaiter.until('key-a', 0, LONG, (e) => e.type === 'wanted')).toMatchObject({ revision: 250 });
    expect(await awaiter.until('key-a', 251, LONG, any)).toMatchObject({ revision: 251 });
    expect(awaiter.waiting).toBe(0);
  });

  it('sees what is appended between the look and the wait', async () => {
    const awaiter = await started();
    store.hold();
    const waited = awaiter.until('key-a', 0, LONG, any);
    await turns();
    await store.append('key-a', 'no-stream', [event('wanted')]);
    await turns();
    store.release();
    expect(await waited).toMatchObject({ revision: 0 });
  });

  it('brings the first one, also when the subscription is faster than the look', async () => {
    await store.append('key-a', 'no-stream', [event('first')]);
    const awaiter = await started();
    store.hold();
    const waited = awaiter.until('key-a', 0, LONG, any);
    await turns();
    await store.append('key-a', 0, [event('second')]);
    await turns();
    store.release();
    expect(await waited).toMatchObject({ type: 'first' });
  });

  it('begins at a revision', async () => {
    await store.append('key-a', 'no-stream', [event('old'), event('old')]);
    const awaiter = await started();
    const waited = awaiter.until('key-a', 3, LONG, any);
    await turns();
    await store.append('key-a', 1, [event('early'), event('now')]);
    expect(await waited).toMatchObject({ type: 'now' });
  });

  it('ends with nothing when the time is over, and keeps nobody', async () => {
    const awaiter = await started();
    const waits = [awaiter.until('key-a', 0, 20, any), awaiter.until('key-a', 0, 1, any), awaiter.expect('key-a', 5, any).event];
    expect(awaiter.waiting).toBe(3);
    expect(await Promise.all(waits)).toEqual([undefined, undefined, undefined]);
    expect(awaiter.waiting).toBe(0);
  });

  it('only looks when there is no time', async () => {
    await store.append('key-a', 'no-stream', [event('there')]);
    const awaiter = await started();
    expect(await awaiter.until('key-a', 0, 0, any)).toMatchObject({ type: 'there' });
    expect(await awaiter.until('key-b', 0, 0, any)).toBeUndefined();
    expect(await awaiter.expect('key-a', 0, any).event).toBeUndefined();
  });

  it('expects what is still to come without reading', async () => {
    const awaiter = await started();
    store.fails = true;
    const expected = awaiter.expect('signOrder-1', LONG, (e) => e.type === 'end');
    await store.append('signOrder-1', 'no-stream', [event('start'), event('end')]);
    expect(await expected.event).toMatchObject({ type: 'end' });
    expected.cancel();
    expect(failures).toEqual([]);
  });

  it('lets an expectation go', async () => {
    const awaiter = await started();
    const expected = awaiter.expect('signOrder-1', LONG, any);
    expected.cancel();
    expect(await expected.event).toBeUndefined();
    expect(awaiter.waiting).toBe(0);
  });

  it('serves all who wait for one event', async () => {
    const awaiter = await started();
    const waits = Array.from({ length: 50 }, () => awaiter.until('key-a', 0, LONG, any));
    await turns();
    const { revision } = await store.append('key-a', 'no-stream', [event('x')]);
    expect((await Promise.all(waits)).map((e) => e?.revision)).toEqual(waits.map(() => revision));
  });

  it('lets nobody wait beyond its bound, who then looks once', async () => {
    await store.append('key-a', 'no-stream', [event('there')]);
    const awaiter = await started({ waiters: 2 });
    const first = [awaiter.until('key-x', 0, LONG, any), awaiter.expect('key-x', LONG, any).event];
    expect(await awaiter.until('key-y', 0, LONG, any)).toBeUndefined();
    expect(await awaiter.until('key-a', 0, LONG, any)).toMatchObject({ type: 'there' });
    expect(await awaiter.expect('key-x', LONG, any).event).toBeUndefined();
    await store.append('key-x', 'no-stream', [event('x')]);
    expect((await Promise.all(first)).every((e) => e?.stream === 'key-x')).toBe(true);
  });

  it('does not fail when the stream cannot be read: the subscription tells', async () => {
    const awaiter = await started();
    store.fails = true;
    const waited = awaiter.until('key-a', 0, LONG, any);
    await turns();
    await store.append('key-a', 'no-stream', [event('x')]);
    expect(await waited).toMatchObject({ stream: 'key-a' });
    expect(failures).toEqual([expect.any(StoreUnavailableError)]);
  });

  it('tells listeners every event once, before those who wait go on, whatever another listener or waiter throws', async () => {
    await store.append('key-a', 'no-stream', [event('before the start')]);
    const awaiter = await started();
    const heard: string[] = [];
    awaiter.onEvent(() => {
      throw new TypeError('broken');
    });
    awaiter.onEvent((e) => heard.push(e.type));
    const off = awaiter.onEvent((e) => heard.push(`again ${e.type}`));
    off();
    const broken = awaiter.expect('key-a', 200, () => {
      throw new RangeError('broken');
    });
    const waited = awaiter.until('key-a', 1, LONG, any).then(() => heard.push('waiter'));
    await turns();
    await store.append('key-a', 0, [event('x')]);
    await store.append('operation-1', 'no-stream', [event('not followed')]);
    await waited;
    broken.cancel();
    expect(heard).toEqual(['x', 'waiter']);
    expect(failures).toEqual([expect.any(TypeError), expect.any(RangeError)]);
  });

  it('goes on after the subscription broke', async () => {
    const flaky = new (class extends HeldStore {
      breaks = 2;
      override async *subscribe(options: Parameters<MemoryEventStore['subscribe']>[0]): AsyncGenerator<never> {
        if (this.breaks-- > 0) throw new StoreUnavailableError('gone');
        yield* super.subscribe(options) as AsyncGenerator<never>;
      }
    })();
    store = flaky;
    const awaiter = await started();
    const waited = awaiter.expect('key-a', LONG, any);
    await store.append('key-a', 'no-stream', [event('x')]);
    expect(await waited.event).toMatchObject({ type: 'x' });
    expect(failures.length).toBe(2);
  });

  it('answers all who wait when it stops, and waits no more', async () => {
    const awaiter = await started();
    const waits = [awaiter.until('key-a', 0, LONG, any), awaiter.expect('key-a', LONG, any).event];
    await turns();
    stop.abort();
    await awaiter.done();
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
    expect(await awaiter.until('key-a', 0, LONG, any)).toBeUndefined();
    expect(awaiter.waiting).toBe(0);
  });

  it('follows once', async () => {
    const awaiter = await started();
    await expect(awaiter.start(stop.signal)).rejects.toThrow(TypeError);
    await expect(store.append('key-z', 3, [event('x')])).rejects.toThrow(ConflictError);
  });
});
