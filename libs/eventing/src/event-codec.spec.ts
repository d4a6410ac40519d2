import type { DomainEvent } from '#kernel/decider.js';
import { eventCodec, UnknownEventTypeError } from './event-codec.js';
import type { RecordedEvent } from './event-store.port.js';

type Event = DomainEvent<'x.now.v2', { readonly n: number }>;
const recorded = (type: string, data: unknown): RecordedEvent => ({
  id: 'id', type, data, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' }, stream: 'x-1', revision: 3, position: 7n,
});
const decode = eventCodec<Event>(['x.now.v2'], { 'x.now.v1': (data) => ({ type: 'x.now.v2', data: { n: Number((data as { readonly text: string }).text) } }) });

describe('eventCodec', () => {
  it('gives what was stored', () => expect(decode(recorded('x.now.v2', { n: 1 }))).toEqual({ type: 'x.now.v2', data: { n: 1 } }));
  it('lifts an old version', () => expect(decode(recorded('x.now.v1', { text: '7' }))).toEqual({ type: 'x.now.v2', data: { n: 7 } }));

  it('stops at what it does not know, and says where', () => {
    expect(() => decode(recorded('x.later.v1', {}))).toThrow(UnknownEventTypeError);
    expect(() => decode(recorded('x.later.v1', {}))).toThrow('x-1@3: unknown event type x.later.v1');
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', ''])('does not take %p for a type', (type) => {
    expect(() => decode(recorded(type, { type: 'x.now.v2', data: { n: 1 } }))).toThrow(UnknownEventTypeError);
    expect(() => eventCodec<Event>(['x.now.v2'])(recorded(type, { type: 'x.now.v2', data: { n: 1 } }))).toThrow(UnknownEventTypeError);
  });
});
