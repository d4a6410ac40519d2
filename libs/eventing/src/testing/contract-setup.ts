import { randomUUID } from 'node:crypto';
import { systemActor } from '#kernel/actor.js';
import type { EventStore, NewEvent, Position, RecordedEvent } from '../event-store.port.js';
import type { OpenedStore, OpenStore } from './opened-store.js';

/** A new event with a random id. */
export const someEvent = (data: unknown = { n: 1 }, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'contract.happened.v1',
  data,
  metadata: { commandId: randomUUID(), bodyDigest: 'ZGlnZXN0', actor: systemActor('contract'), at: '2026-01-02T03:04:05.678Z', requestId: 'request-1' },
});
export const someEvents = (count: number): readonly NewEvent[] => Array.from({ length: count }, (_, n) => someEvent({ n }));
/** A category of streams that no other test uses. */
export const someCategory = (): string => `contract${randomUUID().replaceAll('-', '')}`;
export const someStream = (category: string = someCategory()): string => `${category}-${randomUUID()}`;
export const idsOf = (events: readonly NewEvent[]): readonly string[] => events.map((event) => event.id);

/** What comes back of events that were appended to a stream from a revision on, positions aside. */
export const asRecorded = (stream: string, from: number, events: readonly NewEvent[]): readonly object[] =>
  events.map((event, index) => ({ ...event, stream, revision: from + index, position: expect.any(BigInt) as unknown }));

/** The position of one event. */
export const positionOf = async (store: EventStore, stream: string, revision: number): Promise<Position> => {
  const [event] = await store.readStream(stream, { from: revision, limit: 1 });
  if (event === undefined) throw new Error(`${stream} has no revision ${revision}`);
  return event.position;
};

export const isGrowing = (events: readonly RecordedEvent[]): boolean => events.every((event, index) => index === 0 || event.position > (events[index - 1]?.position ?? 0n));

/** Runs a test with a store of its own. */
export const withStore = (open: OpenStore, test: (store: EventStore, opened: OpenedStore) => Promise<void>) => async (): Promise<void> => {
  const opened = await open();
  try {
    await test(opened.store, opened);
  } finally {
    await opened.close();
  }
};
