import { PassThrough } from 'node:stream';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { BoundClient } from './client.js';
import { Inbox } from './inbox.js';
import { QUEUE_EVENTS } from './limits.js';

interface Filter {
  readonly checkpointReached?: (subscription: unknown, position: { readonly commit: bigint; readonly prepare: bigint }) => void;
}

/** A subscription of the client's, fed by the test: of a server before 23.10 it never says `caughtUp` by itself. */
class FakeSubscription extends PassThrough {
  asked: Filter | undefined;
  unsubscribed = 0;

  constructor() {
    super({ objectMode: true });
  }
  unsubscribe(): Promise<void> {
    this.unsubscribed += 1;
    return Promise.resolve();
  }
  feed(...positions: readonly number[]): void {
    for (const position of positions) this.write(record(position));
  }
}
const record = (position: number, stream = 's-1'): unknown => ({
  event: { streamId: stream, id: `id-${position}`, revision: BigInt(position), type: 't', data: {}, isJson: true, created: new Date(), metadata: { commandId: 'c', at: '2026-01-02T03:04:05.678Z', actor: {} }, position: { commit: BigInt(position), prepare: BigInt(position) } },
});
const opened = (options: { readonly after?: bigint; readonly prefixes?: readonly string[]; readonly head?: bigint } = {}): { readonly inbox: Inbox; readonly fake: FakeSubscription } => {
  const fake = new FakeSubscription();
  const client = {
    subscribeToAll: ({ filter }: { readonly filter?: Filter }) => {
      fake.asked = filter;
      return fake;
    },
  } as unknown as BoundClient;
  return { fake, inbox: new Inbox(client, { after: options.after, prefixes: options.prefixes ?? ['s-'], head: options.head }) };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const at = (events: readonly RecordedEvent[]): readonly number[] => events.map(({ position }) => Number(position));

describe('what has come of a subscription', () => {
  it('drops what came before, by position', async () => {
    const { inbox, fake } = opened({ after: 5n });
    fake.feed(4, 5, 6, 6, 7, 6, 9);
    await inbox.waiting();
    expect(at(inbox.next(10))).toEqual([6, 7, 9]);
    expect(inbox.last).toBe(9n);
  });

  it('holds a bounded number, then leaves the rest on the connection until there is room again', async () => {
    const { inbox, fake } = opened();
    const total = QUEUE_EVENTS * 2 + 7;
    let sent = 0;
    const got: number[] = [];
    let most = 0;
    while (got.length < total) {
      while (sent < total && !fake.writableNeedDrain) fake.feed((sent += 1));
      await turn();
      await turn();
      if (sent < total && fake.writableNeedDrain && got.length === 0) {
        expect(fake.isPaused()).toBe(true);
        expect(sent).toBeLessThan(QUEUE_EVENTS + 100);
      }
      const events = inbox.next(200);
      most = Math.max(most, events.length);
      got.push(...at(events));
    }
    expect(got).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    expect(most).toBe(200);
  });

  it('caught up, on a server that never says so, when the head of the beginning was delivered', async () => {
    const { inbox, fake } = opened({ head: 3n });
    fake.feed(1, 2);
    await inbox.waiting();
    expect(at(inbox.next(10))).toEqual([1, 2]);
    expect(inbox.caughtUp(2n)).toBe(false);
    fake.feed(3, 4);
    await inbox.waiting();
    expect(inbox.caughtUp(2n)).toBe(false);
    expect(at(inbox.next(1))).toEqual([3]);
    expect(inbox.caughtUp(3n)).toBe(true);
    expect(inbox.caughtUp(3n)).toBe(false);
  });

  it('caught up, on such a server, when it was looked through up to the head and nothing more matched', async () => {
    const { inbox, fake } = opened({ head: 30n });
    fake.feed(1);
    await inbox.waiting();
    inbox.next(10);
    fake.asked?.checkpointReached?.(fake, { commit: 29n, prepare: 0n });
    expect(inbox.caughtUp(1n)).toBe(false);
    fake.asked?.checkpointReached?.(fake, { commit: 30n, prepare: 0n });
    await inbox.waiting();
    expect(inbox.caughtUp(1n)).toBe(true);
  });

  it('counts hidden events, and those of other products, as seen', async () => {
    const { inbox, fake } = opened({ prefixes: [], head: 2n });
    fake.write(record(1, '$stats-0'));
    fake.write(record(2, 'countersign:presence'));
    await inbox.waiting();
    expect(inbox.next(10)).toEqual([]);
    expect(inbox.caughtUp(undefined)).toBe(true);
    expect(inbox.last).toBe(2n);
  });

  it('does not say it before what was sent before it has been taken off the connection', async () => {
    const { inbox, fake } = opened();
    fake.pause();
    fake.feed(1, 2, 3);
    await turn();
    fake.emit('caughtUp');
    expect(inbox.caughtUp(undefined)).toBe(false);
    fake.resume();
    await inbox.waiting();
    await turn();
    expect(inbox.caughtUp(undefined)).toBe(false);
    expect(at(inbox.next(10))).toEqual([1, 2, 3]);
    expect(inbox.caughtUp(3n)).toBe(true);
  });

  it('tells what broke it, and takes nothing after that', async () => {
    const { inbox, fake } = opened();
    fake.feed(1);
    await turn();
    fake.emit('error', new Error('lost'));
    fake.feed(2);
    await inbox.waiting();
    await turn();
    expect(inbox.broken).toMatchObject({ error: { message: 'lost' } });
    expect(at(inbox.next(10))).toEqual([1]);
    expect(inbox.last).toBe(1n);
    inbox.stop();
    expect(fake.unsubscribed).toBe(1);
    // A late error is nobody's any more, and not an uncaught one.
    fake.emit('error', new Error('later'));
  });

  it('wakes who waits when it is stopped', async () => {
    const { inbox } = opened();
    const waiting = inbox.waiting();
    inbox.stop();
    await waiting;
    expect(inbox.broken).toEqual({ error: undefined });
  });
});
