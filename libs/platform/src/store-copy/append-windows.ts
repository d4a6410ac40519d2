import { AppendTooLargeError, ConflictError, MAX_APPEND_BYTES, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, ExpectedRevision, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { GROUP_APPENDS, GROUP_BYTES } from '../embedded-log/limits.js';
import { CopyRefusedError } from './copy-refused-error.js';
import { nameOf } from './history.js';
import type { History } from './history.js';

/** Appends that are sent together: the target writes all of them in their order, or none. */
export interface AppendWindow {
  readonly appends: number;
  readonly bytes: number;
}
/** Appends of one turn of one client are one transaction of the embedded log. */
export const EMBEDDED_WINDOW: AppendWindow = { appends: GROUP_APPENDS, bytes: GROUP_BYTES };
/** Where appends have an order only by waiting for each. */
export const SINGLE_APPENDS: AppendWindow = { appends: 1, bytes: MAX_APPEND_BYTES };

const BATCH_EVENTS = 500;
/** How long a target that does not answer is asked again. */
const PATIENCE_MS = 60_000;
const RESEND_AFTER_MS = 200;

interface Batch {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: NewEvent[];
  next: number;
  bytes: number;
}

/** As EventStoreDB counts, and as every store of ours refuses. */
const bytesOf = ({ type, data, metadata }: NewEvent): number => Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata)) + 2 * Buffer.byteLength(type);
const expectedBefore = ({ revision }: RecordedEvent): ExpectedRevision => (revision === 0 ? 'no-stream' : revision - 1);

/** Takes the next events for one window: neighbours of one stream are one append. */
async function takeWindow(history: History, window: AppendWindow): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  let total = 0;
  for (let event = await history.peek(); event !== undefined; event = await history.peek()) {
    const bytes = bytesOf(event);
    const { id, type, data, metadata, stream, revision } = event;
    const last = batches.at(-1);
    if (batches.length > 0 && total + bytes > window.bytes) break;
    if (last?.stream === stream && last.next === revision && last.events.length < BATCH_EVENTS && last.bytes + bytes < MAX_APPEND_BYTES) {
      last.events.push({ id, type, data, metadata });
      last.next += 1;
      last.bytes += bytes;
    } else {
      if (batches.length === window.appends) break;
      batches.push({ stream, expected: expectedBefore(event), events: [{ id, type, data, metadata }], next: revision + 1, bytes });
    }
    total += bytes;
    history.take();
  }
  return batches;
}

/**
 * Appends what is left of a history to a store, in its order.
 * @returns how many events
 * @throws CopyRefusedError TARGET_DIFFERS, SOURCE_INCOMPLETE, UNAVAILABLE, STOPPED
 */
export async function appendRest(history: History, target: EventStore, window: AppendWindow, signal: AbortSignal, advanced: (last: RecordedEvent | undefined) => void): Promise<number> {
  const before = history.events;
  for (let batches = await takeWindow(history, window); batches.length > 0; batches = await takeWindow(history, window)) {
    await appendSurely(target, batches, signal);
    advanced(await history.peek());
  }
  return history.events - before;
}

/** Sends the identical window again until it is known to be written. */
async function appendSurely(target: EventStore, batches: readonly Batch[], signal: AbortSignal): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const answers = await Promise.allSettled(batches.map(({ stream, expected, events }) => target.append(stream, expected, events)));
    const errors = answers.flatMap((answer, i) => (answer.status === 'rejected' ? [refusalOf(answer.reason, batches[i])] : []));
    const [error] = errors;
    if (error === undefined) return;
    const final = errors.find((e) => e instanceof CopyRefusedError);
    if (final !== undefined) throw final;
    if (signal.aborted) throw new CopyRefusedError('STOPPED', 'stopped; the same command goes on where it was');
    if (performance.now() > until) throw new CopyRefusedError('UNAVAILABLE', `the target does not take events: ${error.message}; the same command goes on where it was`);
    await pause(RESEND_AFTER_MS, signal);
  }
}

/** What can't become better by sending it again is a refusal. */
function refusalOf(error: unknown, batch: Batch | undefined): Error {
  if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError) return error;
  const first = batch === undefined ? 'an append' : nameOf({ stream: batch.stream, revision: batch.next - batch.events.length });
  if (error instanceof ConflictError) {
    const actual = error.actual ?? -1;
    const expected = error.expected === 'no-stream' ? -1 : error.expected;
    // The target holds a verified beginning of the source: a hole can only be the source's.
    if (actual < expected) return new CopyRefusedError('SOURCE_INCOMPLETE', `the source does not hold what stands before ${first}: its stream was truncated`);
    return new CopyRefusedError('TARGET_DIFFERS', `the target already holds another event in the place of ${first}: somebody else writes there`);
  }
  if (error instanceof AppendTooLargeError) return new CopyRefusedError('SOURCE_INCOMPLETE', `${first} is too large for the target: ${error.message}`);
  throw error;
}
