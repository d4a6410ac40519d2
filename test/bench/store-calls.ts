import { randomUUID } from 'node:crypto';
import { BACKWARDS, END, EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { EventStore, ExpectedRevision, NewEvent } from '#eventing/event-store.port.js';
import { systemActor } from '#kernel/actor.js';

/** What is measured of an event store, through whatever it is reached. */
export interface StoreCalls {
  /** Appends one event. @returns its revision */
  append(stream: string, expected: ExpectedRevision): Promise<number>;
  /** Reads the last event of a stream. */
  readLast(stream: string): Promise<void>;
}

const EVENT_BYTES = 512;

/** Of 512 bytes, data and metadata together. */
export const someEvent = (): NewEvent => {
  const metadata = { commandId: randomUUID(), actor: systemActor('bench'), at: '2026-01-01T00:00:00.000Z' };
  const rest = EVENT_BYTES - JSON.stringify(metadata).length - JSON.stringify({ text: '' }).length;
  return { id: randomUUID(), type: 'bench.happened.v1', data: { text: 'x'.repeat(rest) }, metadata };
};

export const throughPort = (store: EventStore): StoreCalls => ({
  append: async (stream, expected) => (await store.append(stream, expected, [someEvent()])).revision,
  async readLast(stream) {
    const [last] = await store.readStream(stream, { limit: 1, direction: 'backward' });
    if (last === undefined) throw new Error(`${stream} is empty`);
  },
});

/** With credentials the client appends by the classic call, as the adapter does; without TLS they go no further. */
const CLASSIC = { credentials: { username: 'admin', password: 'changeit' } };

export interface BareClient extends StoreCalls {
  close(): Promise<void>;
}

/** The client as it is, used in the simplest way that does the same. */
export function bareClient(url: string): BareClient {
  const client = EventStoreDBClient.connectionString(url);
  return {
    async append(stream, expected) {
      const { id, type, data, metadata } = someEvent();
      const { nextExpectedRevision } = await client.appendToStream(stream, jsonEvent({ id, type, data: { ...(data as object) }, metadata: { ...metadata } }), { expectedRevision: expected === 'no-stream' ? NO_STREAM : BigInt(expected), ...CLASSIC });
      return Number(nextExpectedRevision);
    },
    async readLast(stream) {
      let read = 0;
      for await (const { event } of client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 })) if (event !== undefined) read += 1;
      if (read === 0) throw new Error(`${stream} is empty`);
    },
    close: () => client.dispose(),
  };
}
