import { MessageChannel } from 'node:worker_threads';
import { randomUUID } from 'node:crypto';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { SubscriptionMessage } from '#eventing/event-store.port.js';
import { someEvent, someStream } from '#eventing/testing/contract-setup.js';
import { connectEmbeddedLog } from './embedded-log-client.js';
import type { EmbeddedLogClient } from './embedded-log-client.js';
import type { LogAnswer, LogRequest, WireEvent } from './protocol.js';

/** A client of a log that answers what `answer` gives, or stays silent. */
const withLog = async (timeoutMs: number, answer: (request: LogRequest) => LogAnswer | undefined, test: (client: EmbeddedLogClient, seen: readonly (readonly LogRequest[])[], end: () => void) => Promise<void>): Promise<void> => {
  const { port1, port2 } = new MessageChannel();
  const seen: (readonly LogRequest[])[] = [];
  port1.on('message', (requests: readonly LogRequest[]) => {
    seen.push(requests);
    const answers = requests.flatMap((request) => {
      const given = answer(request);
      return given === undefined ? [] : [{ n: request.n, answer: given }];
    });
    if (answers.length > 0) port1.postMessage(answers);
  });
  const client = connectEmbeddedLog(port2, { timeoutMs });
  try {
    await test(client, seen, () => port1.close());
  } finally {
    client.close();
    port1.close();
  }
};
const append = (client: EmbeddedLogClient): Promise<unknown> => client.append(someStream(), 'no-stream', [someEvent()]);
const silent = (): undefined => undefined;

describe('the client of the embedded log', () => {
  it('does not know the outcome of an append that got no answer; a read was in vain', async () => {
    await withLog(60, silent, async (client) => {
      const read = client.readStream('s', { limit: 1 });
      await expect(append(client)).rejects.toBeInstanceOf(OutcomeUnknownError);
      await expect(read).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(client.storeId()).rejects.toBeInstanceOf(StoreUnavailableError);
      const following = client.subscribe({ signal: new AbortController().signal })[Symbol.asyncIterator]();
      await expect(following.next()).rejects.toBeInstanceOf(StoreUnavailableError);
    });
  });

  it('does not know the outcome of appends that waited when the log went; what comes later was certainly not written', async () => {
    await withLog(10_000, silent, async (client, seen, end) => {
      const waiting = append(client);
      const following = client.subscribe({ signal: new AbortController().signal })[Symbol.asyncIterator]().next();
      const read = client.readAll({ limit: 1 });
      const all = Promise.allSettled([waiting, following, read]);
      end();
      const reasons = (await all).map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined) as unknown);
      expect(reasons[0]).toBeInstanceOf(OutcomeUnknownError);
      expect(reasons[1]).toBeInstanceOf(StoreUnavailableError);
      expect(reasons[2]).toBeInstanceOf(StoreUnavailableError);
      await expect(append(client)).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(seen.flat().filter(({ kind }) => kind === 'append').length).toBeLessThanOrEqual(1);
    });
  });

  it('passes on what the log says of an append', async () => {
    const answers: LogAnswer[] = [{ kind: 'unknown', reason: 'SQLITE_IOERR_FSYNC' }, { kind: 'unavailable', reason: 'SQLITE_FULL' }, { kind: 'conflict', actual: -1 }];
    await withLog(1_000, () => answers.shift(), async (client) => {
      await expect(append(client)).rejects.toMatchObject({ name: 'OutcomeUnknownError', message: 'SQLITE_IOERR_FSYNC' });
      await expect(append(client)).rejects.toMatchObject({ name: 'StoreUnavailableError', message: 'SQLITE_FULL' });
      await expect(append(client)).rejects.toMatchObject({ name: 'ConflictError', actual: undefined });
    });
  });

  it('sends what was asked in one turn in one message', async () => {
    await withLog(1_000, (request) => (request.kind === 'append' ? { kind: 'appended', revision: 0, position: 1 } : undefined), async (client, seen) => {
      await Promise.all(Array.from({ length: 50 }, () => append(client)));
      expect(seen.map((requests) => requests.length)).toEqual([50]);
    });
  });

  it('takes 10,000 waiting appends and no more, nor more than 64 MiB', async () => {
    await withLog(10_000, silent, async (client, _seen, end) => {
      const many = Array.from({ length: 10_000 }, () => append(client).catch((error: unknown) => error));
      await expect(append(client)).rejects.toBeInstanceOf(StoreUnavailableError);
      end();
      for (const error of await Promise.all(many)) expect(error).toBeInstanceOf(OutcomeUnknownError);
    });
    await withLog(10_000, silent, async (client, _seen, end) => {
      const event = someEvent('x'.repeat(990_000), randomUUID());
      const large = Array.from({ length: 67 }, () => client.append('s', 'no-stream', [event]).catch((error: unknown) => error));
      await expect(client.append('s', 'no-stream', [event])).rejects.toBeInstanceOf(StoreUnavailableError);
      end();
      for (const error of await Promise.all(large)) expect(error).toBeInstanceOf(OutcomeUnknownError);
    });
  });

  it('takes 10,000 waiting reads and no more, and appends and subscriptions beside them', async () => {
    await withLog(10_000, (request) => (request.kind === 'append' ? { kind: 'appended', revision: 0, position: 1 } : undefined), async (client, seen, end) => {
      const many = Array.from({ length: 10_000 }, () => client.readStream('s', { limit: 1 }).catch((error: unknown) => error));
      await expect(client.readStream('s', { limit: 1 })).rejects.toThrow('too many reads are waiting');
      await append(client);
      const following = client.subscribe({ signal: new AbortController().signal })[Symbol.asyncIterator]().next().catch((error: unknown) => error);
      await append(client);
      expect(seen.flat().filter(({ kind }) => kind === 'pull')).toHaveLength(1);
      end();
      for (const error of await Promise.all([...many, following])) expect(error).toBeInstanceOf(StoreUnavailableError);
    });
  });

  it('refuses names, revisions, limits and prefixes that make no sense', async () => {
    await withLog(1_000, silent, async (client, seen) => {
      await expect(client.append('', 'no-stream', [someEvent()])).rejects.toBeInstanceOf(TypeError);
      await expect(client.append('half \uD800', 'no-stream', [someEvent()])).rejects.toBeInstanceOf(TypeError);
      await expect(client.append('s', -1, [someEvent()])).rejects.toBeInstanceOf(TypeError);
      await expect(client.append('s', 1.5, [someEvent()])).rejects.toBeInstanceOf(TypeError);
      await expect(client.append('s', 0, [someEvent(() => 1)])).rejects.toBeInstanceOf(TypeError);
      for (const limit of [0, -1, 1.5, Number.NaN]) await expect(client.readAll({ limit })).rejects.toBeInstanceOf(TypeError);
      await expect(client.readAll({ limit: 1, prefixes: [] })).rejects.toBeInstanceOf(TypeError);
      await expect(client.readAll({ limit: 1, prefixes: [''] })).rejects.toBeInstanceOf(TypeError);
      expect(seen).toEqual([]);
    });
  });

  it('holds two batches at most for a slow consumer, and gives it each once', async () => {
    const event = (position: number): WireEvent => [position, 's', position, 'id', 'type', '{}', '{"commandId":"c"}'];
    const pulls = (seen: readonly (readonly LogRequest[])[]): number => seen.flat().filter(({ kind }) => kind === 'pull').length;
    const batchAfter = (request: LogRequest): LogAnswer | undefined =>
      request.kind === 'pull' ? { kind: 'pulled', events: [event(request.after + 1), event(request.after + 2)], cursor: request.after + 2, drained: false, head: 1_000_000 } : undefined;
    await withLog(10_000, batchAfter, async (client, seen) => {
      const messages = client.subscribe({ signal: new AbortController().signal, batch: 2 })[Symbol.asyncIterator]();
      for (let taken = 1; taken <= 5; taken += 1) {
        const { value } = (await messages.next()) as { readonly value: SubscriptionMessage };
        expect(value.kind === 'events' && value.events.map(({ position }) => position)).toEqual([BigInt(2 * taken - 1), BigInt(2 * taken)]);
        await new Promise((resolve) => setTimeout(resolve, 10));
        expect(pulls(seen)).toBe(taken + 1);
      }
      await messages.return?.();
    });
  });

  it('takes its parked question back when a subscription is aborted', async () => {
    await withLog(10_000, silent, async (client, seen) => {
      const abort = new AbortController();
      const next = client.subscribe({ signal: abort.signal })[Symbol.asyncIterator]().next();
      abort.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const requests = seen.flat();
      expect(requests).toEqual([expect.objectContaining({ kind: 'pull' }), { kind: 'cancel', n: requests[0]?.n }]);
    });
  });
});
