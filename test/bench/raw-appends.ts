import { randomUUID } from 'node:crypto';
import type { ExpectedRevision } from '#eventing/event-store.port.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { someEvent } from './store-calls.js';

export interface AppendFigures {
  readonly inFlight: number;
  /** Appends of one event each, per second. */
  readonly perSecond: number;
  /** Milliseconds from the call to the answer. */
  readonly p50: number;
  readonly p99: number;
}

/** A writer begins a new stream after so many events: short streams are what the log mostly holds. */
const STREAM_LENGTH = 50;

/** Appends to a new embedded log in `dir`, from this thread, with `inFlight` writers on streams of their own, for `seconds`. The folder should be on the disk that is to be measured. */
export const measureAppends = async (dir: string, inFlight: number, seconds: number): Promise<AppendFigures> => {
  const log = await openEmbeddedLog({ dir });
  const latencies: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const write = async (): Promise<void> => {
    let stream = `bench-${randomUUID()}`;
    let expected: ExpectedRevision = 'no-stream';
    while (performance.now() < end) {
      const before = performance.now();
      const { revision } = await log.store.append(stream, expected, [someEvent()]);
      latencies.push(performance.now() - before);
      expected = revision;
      if (revision < STREAM_LENGTH - 1) continue;
      stream = `bench-${randomUUID()}`;
      expected = 'no-stream';
    }
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, write));
  } finally {
    await log.close();
  }
  const took = (performance.now() - begin) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  return { inFlight, perSecond: latencies.length / took, p50: quantile(0.5), p99: quantile(0.99) };
};
