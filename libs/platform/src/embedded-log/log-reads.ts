import type { EventLog } from './event-log.js';
import { PAGE_BYTES, PAGE_EVENTS, SCAN_WINDOW } from './limits.js';
import { eventBytes, matches } from './recent-events.js';
import type { Page, PullRequest, Pulled, ReadAllRequest, ReadAtRequest, ReadStreamRequest, WireEvent } from './protocol.js';

/** Takes events until a page is full. The page holds one event at least, however long that is. */
const fill = (events: Iterable<WireEvent>, limit: number): { readonly taken: readonly WireEvent[]; readonly full: boolean } => {
  const taken: WireEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    taken.push(event);
    bytes += eventBytes(event);
    if (taken.length >= limit || bytes >= PAGE_BYTES) return { taken, full: true };
  }
  return { taken, full: false };
};

/** Part of one stream. The cursor is the next revision. */
export const readStreamPage = (log: EventLog, request: Omit<ReadStreamRequest, 'kind' | 'n'>): Page => {
  const { stream, backward } = request;
  const limit = Math.min(request.limit, PAGE_EVENTS);
  const from = request.from ?? (backward ? Number.MAX_SAFE_INTEGER : 0);
  const { taken, full } = log.read((database) => fill(database.ofStream(stream, from, log.visible, limit, backward), limit));
  const last = taken.at(-1)?.[2] ?? from;
  return { kind: 'page', events: taken, cursor: backward ? last - 1 : last + 1, end: !full || taken.length >= request.limit || (backward && last === 0) };
};

/** One window of the whole log. The cursor is a position, and that of an event only when the page is full. */
export const readAllPage = (log: EventLog, request: Omit<ReadAllRequest, 'kind' | 'n'>): Page => {
  const { backward, prefixes } = request;
  const limit = Math.min(request.limit, PAGE_EVENTS);
  // Backward "before it": the position itself is left out, as it is forward.
  const start = backward ? Math.min(request.from ?? Infinity, log.visible + 1) : (request.from ?? 0);
  const low = backward ? Math.max(start - 1 - SCAN_WINDOW, 0) : start;
  const high = backward ? start - 1 : Math.min(start + SCAN_WINDOW, log.visible);
  if (high <= low) return { kind: 'page', events: [], cursor: start, end: true };
  const { taken, full } = log.read((database) => fill(database.scan(low, high, prefixes, limit, backward), limit));
  const cursor = full ? (taken.at(-1)?.[0] ?? start) : backward ? low + 1 : high;
  return { kind: 'page', events: taken, cursor, end: taken.length >= request.limit || (!full && (backward ? low === 0 : high === log.visible)) };
};

export const readEventAt = (log: EventLog, { position }: Omit<ReadAtRequest, 'kind' | 'n'>): Page => {
  const event = position > log.visible ? undefined : log.read((database) => database.at(position));
  return { kind: 'page', events: event === undefined ? [] : [event], cursor: position, end: true };
};

/** The next events of a subscription: from memory where it reaches back far enough, else one window from the file. */
export const pullEvents = (log: EventLog, { after, prefixes, limit: wanted }: Pick<PullRequest, 'after' | 'prefixes' | 'limit'>): Pulled => {
  const limit = Math.min(wanted, PAGE_EVENTS);
  const head = log.visible;
  if (after >= head) return { kind: 'pulled', events: [], cursor: after, drained: true, head };
  if (after < log.recent.floor) {
    const page = readAllPage(log, { from: after, limit, backward: false, prefixes });
    return { kind: 'pulled', events: page.events, cursor: page.cursor, drained: page.cursor >= head, head };
  }
  const { taken, full } = fill(matching(log.recent.after(after), prefixes), limit);
  const cursor = full ? (taken.at(-1)?.[0] ?? after) : head;
  return { kind: 'pulled', events: taken, cursor, drained: cursor >= head, head };
};

function* matching(events: Iterable<WireEvent>, prefixes: readonly string[]): Generator<WireEvent> {
  for (const event of events) if (matches(event[1], prefixes)) yield event;
}
