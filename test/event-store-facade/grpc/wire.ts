import { DELETED_REVISION } from '../engine/record.js';
import type { StoredEvent } from '../engine/record.js';

/**
 * Answers to reads as bytes, made here by hand: each event is encoded once, whoever gets it, and what the generated classes do for one event costs
 * more than everything else that is done for it. Numbers of fields as in the client's generated `streams_pb` and `shared_pb`.
 */
const EMPTY = Buffer.alloc(0);
const TWO_TO_63_MINUS_1 = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
};
/** Revisions reach to 2^63 - 1, that of a tombstone; positions do not. */
const uint64 = (field: number, value: number): Buffer => Buffer.concat([Buffer.from([field << 3]), value === DELETED_REVISION ? TWO_TO_63_MINUS_1 : varint(value)]);
const bytes = (field: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.from([(field << 3) | 2]), varint(value.length), value]);
const message = (field: number, ...parts: readonly Uint8Array[]): Buffer => bytes(field, parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts));
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value, 'utf8'));
const entry = (key: string, value: string): Buffer => message(6, text(1, key), text(2, value));

const TICKS_PER_MS = 10_000n;
const JSON_TYPE = entry('content-type', 'application/json');
const OCTETS_TYPE = entry('content-type', 'application/octet-stream');
const encoded = new WeakMap<StoredEvent, Buffer>();

/** A `ReadResp` with an event. */
export const eventAnswer = (event: StoredEvent): Buffer => {
  const known = encoded.get(event);
  if (known !== undefined) return known;
  const position = varint(event.position);
  const recorded = Buffer.concat([
    message(1, text(2, event.id)),
    message(2, text(3, event.stream)),
    uint64(3, event.revision),
    Buffer.from([4 << 3]), position,
    Buffer.from([5 << 3]), position,
    entry('type', event.type),
    entry('created', String(BigInt(event.created) * TICKS_PER_MS)),
    event.json ? JSON_TYPE : OCTETS_TYPE,
    ...(event.metadata.length === 0 ? [] : [bytes(7, event.metadata)]),
    bytes(8, event.data),
  ]);
  const answer = message(1, bytes(1, recorded), Buffer.from([3 << 3]), position);
  encoded.set(event, answer);
  return answer;
};

export const confirmation = (subscriptionId: string): Buffer => message(2, text(1, subscriptionId));
export const checkpoint = (position: number): Buffer => message(3, uint64(1, position), uint64(2, position));
export const streamNotFound = (stream: string): Buffer => message(4, message(1, text(3, stream)));
export const CAUGHT_UP = message(8);
