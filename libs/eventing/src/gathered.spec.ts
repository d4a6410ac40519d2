import type { RecordedEvent, SubscriptionMessage } from './event-store.port.js';
import { gathered } from './gathered.js';

const event = (n: number): RecordedEvent => ({ id: `e${n}`, type: 't', data: {}, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-01-01T00:00:00.000Z' }, stream: 's-1', revision: n, position: BigInt(n) });
const events = (...numbers: readonly number[]): SubscriptionMessage => ({ kind: 'events', events: numbers.map(event) });
const caughtUp: SubscriptionMessage = { kind: 'caught-up', position: undefined };
const live = (): AbortSignal => new AbortController().signal;
const shown = (message: SubscriptionMessage): string => (message.kind === 'events' ? message.events.map((e) => e.revision).join(' ') : message.kind);

/** Messages that are there from the beginning; then an end, or what is thrown. */
async function* given(messages: readonly SubscriptionMessage[], broken?: Error): AsyncGenerator<SubscriptionMessage, void, undefined> {
  yield* messages;
  if (broken !== undefined) throw broken;
}

async function taken(messages: AsyncIterable<SubscriptionMessage>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const message of messages) all.push(shown(message));
  return all;
}

describe('gathered', () => {
  it('puts small batches together and keeps the order', async () => {
    expect(await taken(gathered(given([events(1), events(2, 3), events(4), events(5)]), { ms: 20, enough: 10 }, live()))).toEqual(['1 2 3', '4 5']);
  });

  it('says that everything was delivered after the events, and not before', async () => {
    expect(await taken(gathered(given([events(1), caughtUp, events(2), caughtUp]), { ms: 0, enough: 10 }, live()))).toEqual(['1', 'caught-up', '2', 'caught-up']);
  });

  it('leaves a batch that is large enough as it is, and does not wait with it', async () => {
    const since = performance.now();
    expect(await taken(gathered(given([events(1, 2), events(3, 4), events(5, 6)]), { ms: 60_000, enough: 2 }, live()))).toEqual(['1 2', '3 4', '5 6']);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it('waits with a small batch that follows another one, not with the first', async () => {
    const since = performance.now();
    const times: number[] = [];
    for await (const message of gathered(given([events(1), caughtUp, events(2)]), { ms: 80, enough: 10 }, live())) if (message.kind === 'events') times.push(performance.now() - since);
    expect(times).toHaveLength(2);
    expect(times[0]).toBeLessThan(60);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(75);
  });

  it('does not wait behind a batch of few events', async () => {
    const since = performance.now();
    expect(await taken(gathered(given([events(1), caughtUp, events(2), caughtUp, events(3)]), { ms: 60_000, few: 2, enough: 10 }, live()))).toEqual(['1', 'caught-up', '2', 'caught-up', '3']);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it('hands out what had come before it tells of what broke', async () => {
    const all: string[] = [];
    const broken = async (): Promise<void> => {
      for await (const message of gathered(given([events(1)], new Error('gone')), { ms: 0, enough: 10 }, live())) all.push(shown(message));
    };
    await expect(broken()).rejects.toThrow('gone');
    expect(all).toEqual(['1']);
  });

  it('waits no longer when its signal aborts, and lets the subscription go when its consumer does', async () => {
    const stop = new AbortController();
    let ended = false;
    async function* watched(): AsyncGenerator<SubscriptionMessage, void, undefined> {
      try {
        yield* [events(1), caughtUp, events(2), events(3)];
      } finally {
        ended = true;
      }
    }
    const all: string[] = [];
    for await (const message of gathered(watched(), { ms: 60_000, enough: 10 }, stop.signal)) {
      all.push(shown(message));
      stop.abort();
      if (all.length === 3) break;
    }
    expect(all).toEqual(['1', 'caught-up', '2 3']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });
});
