import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';

/** Which events of all a reader wants. */
export interface ReadFilter {
  readonly wants: (stream: string, type: string) => boolean;
  /** After so many events, wanted or not, a subscription is told how far it has come. */
  readonly checkpointEvery: number;
  /** Beginnings of names of streams; none of a filter by type or by an expression. */
  readonly streams: readonly string[];
}

const DEFAULT_WINDOW = 32;

export function filterOf(options: ReadReq.Options): ReadFilter | undefined {
  const filter = options.getFilter();
  if (filter === undefined) return undefined;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = expression?.getRegex() ?? '';
  const regex = pattern === '' ? undefined : new RegExp(pattern, 'u');
  const matches = (name: string): boolean => (regex === undefined ? prefixes.some((prefix) => name.startsWith(prefix)) : regex.test(name));
  const window = filter.getMax() > 0 ? filter.getMax() : DEFAULT_WINDOW;
  return {
    wants: byStream === undefined ? (_stream, type) => matches(type) : (stream) => matches(stream),
    checkpointEvery: window * Math.max(filter.getCheckpointintervalmultiplier(), 1),
    streams: byStream === undefined ? [] : prefixes,
  };
}
