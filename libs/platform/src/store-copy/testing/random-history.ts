import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { EventStore, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { STORE_STREAM } from '#eventing/sealed-store.js';

/** One append of a history: to a stream by its number, so many events, of about so many bytes each. */
export interface HistoryAppend {
  readonly stream: number;
  readonly events: readonly unknown[];
}

const STREAMS = ['operation-a', 'operation-b', 'signOrder-ü', 'key-fw-prod', 'clock-main', STORE_STREAM];
/** What JSON can hold, back and forth: no -0, which comes back as 0. */
const data: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

export const someHistory = (maxLength: number): fc.Arbitrary<readonly HistoryAppend[]> =>
  fc.array(fc.record({ stream: fc.nat(STREAMS.length - 1), events: fc.array(data, { minLength: 1, maxLength: 4 }) }), { maxLength });

export const eventOf = (data: unknown): NewEvent => ({
  id: randomUUID(),
  type: 'copied.happened.v1',
  data,
  metadata: { commandId: randomUUID(), bodyDigest: 'ZGlnZXN0', actor: { issuer: 'https://issuer.example', subject: 'orderer-1' }, at: '2026-01-02T03:04:05.678Z', requestId: 'request-1' },
});

/** Writes it, in its order. */
export async function writeHistory(store: EventStore, history: readonly HistoryAppend[]): Promise<void> {
  const heads = new Map<string, number>();
  for (const { stream: n, events } of history) {
    const stream = STREAMS[n] ?? 'operation-a';
    const { revision } = await store.append(stream, heads.get(stream) ?? 'no-stream', events.map(eventOf));
    heads.set(stream, revision);
  }
}

/** All of a store, positions aside. */
export async function contentOf(store: EventStore): Promise<readonly Omit<RecordedEvent, 'position'>[]> {
  const events = await store.readAll({ limit: 1_000_000 });
  return events.map(({ id, type, data, metadata, stream, revision }) => ({ id, type, data, metadata, stream, revision }));
}
