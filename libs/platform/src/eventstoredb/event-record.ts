import type { JSONEventData, JSONType, Position as LogPosition } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventMetadata, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { encodeAppend } from '../embedded-log/wire-codec.js';
import { positionOf } from './positions.js';
import { isHidden } from './stream-names.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An event as the client hands it out. */
export interface ClientRecord {
  readonly streamId: string;
  readonly id: string;
  readonly revision: bigint;
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly isJson: boolean;
  readonly created: Date;
  readonly position?: LogPosition;
}

/** @returns the events as the client takes them, and their bytes by the port's measure @throws TypeError, AppendTooLargeError: nothing was sent */
export function encodeEvents(events: readonly NewEvent[]): { readonly encoded: JSONEventData[]; readonly bytes: number } {
  const { bytes } = encodeAppend(events);
  const encoded = events.map(({ id, type, data, metadata }): JSONEventData => {
    // The server would store it in its own spelling, and a resend would not be found again.
    if (!UUID.test(id)) throw new TypeError('the id of an event is a UUID in small letters');
    return { id, contentType: 'application/json', type, data: data as JSONType, metadata: { ...metadata } };
  });
  return { encoded, bytes };
}

const isMetadata = (metadata: unknown): metadata is EventMetadata => typeof metadata === 'object' && metadata !== null && 'commandId' in metadata && 'at' in metadata && typeof metadata.at === 'string';

/** @throws StoreUnavailableError for what was not written through this port */
export function decodeRecord(record: ClientRecord): RecordedEvent {
  const { streamId, id, revision, type, data, metadata, isJson } = record;
  const position = positionOf(record.position);
  if (position === undefined) throw new StoreUnavailableError(`${streamId}: the event store tells no position of revision ${revision}`);
  if (!isJson || !isMetadata(metadata) || revision > BigInt(Number.MAX_SAFE_INTEGER)) throw new StoreUnavailableError(`${streamId}: revision ${revision} is no event of this product`);
  return { id, type, data, metadata, stream: streamId, revision: Number(revision), position };
}

/** Whether applications see it among all events: the server's own, this adapter's and those of other products in the same store are left out. */
export const isVisible = ({ streamId, isJson, metadata }: ClientRecord): boolean => isJson && !isHidden(streamId) && isMetadata(metadata);
