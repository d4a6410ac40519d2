import type { RecordedEvent } from '#eventing/event-store.port.js';
import { OPERATION_PREFIX } from '#operations/contract.js';
import { SIGN_ORDER_PREFIX } from '#signing/contract.js';

// Events of every context and of every release are indexed: what is looked for is looked for by its name, and what is not there is not there.
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const keyIdIn = (value: unknown): readonly string[] => (isRecord(value) && typeof value['keyId'] === 'string' ? [value['keyId']] : []);
/** Members of an event that list things with a key each. */
const LISTS = ['keyUsages', 'settled', 'returned'] as const;

/** The keys that an event names, each once. */
export function keyIdsOf({ data }: Pick<RecordedEvent, 'data'>): readonly string[] {
  if (!isRecord(data)) return [];
  const listed = LISTS.flatMap((name) => {
    const list = data[name];
    return Array.isArray(list) ? list.flatMap(keyIdIn) : [];
  });
  return [...new Set([...keyIdIn(data), ...listed])];
}

/** The operation whose trail an event belongs to: its own events and those of its sign orders; undefined for all others. */
export function operationIdOf({ stream, data }: Pick<RecordedEvent, 'stream' | 'data'>): string | undefined {
  if (stream.startsWith(OPERATION_PREFIX)) return stream.slice(OPERATION_PREFIX.length);
  const named = stream.startsWith(SIGN_ORDER_PREFIX) && isRecord(data) ? data['operationId'] : undefined;
  return typeof named === 'string' ? named : undefined;
}

/** `operations.approval-given.v1` is version `v1` of `operations.approval-given`; a name without one has the version ''. */
export function typeOf(wireName: string): { readonly name: string; readonly version: string } {
  const [, name, version] = /^(.+)\.(v\d+)$/.exec(wireName) ?? [];
  return name === undefined || version === undefined ? { name: wireName, version: '' } : { name, version };
}

/** Who an `actor` filter can mean: a subject of any issuer, or `issuer#subject`. An issuer has no fragment, a subject may hold a `#`. */
export function actorsOf(filter: string): readonly { readonly issuer: string | null; readonly subject: string }[] {
  const hash = filter.indexOf('#');
  const bySubject = { issuer: null, subject: filter };
  return hash < 1 ? [bySubject] : [bySubject, { issuer: filter.slice(0, hash), subject: filter.slice(hash + 1) }];
}
