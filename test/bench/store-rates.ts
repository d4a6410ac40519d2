import { randomUUID } from 'node:crypto';
import type { ExpectedRevision } from '#eventing/event-store.port.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { openEventStoreDB } from '#platform/eventstoredb/eventstoredb.js';
import { atLeast, figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { bareClient, throughPort } from './store-calls.js';
import type { StoreCalls } from './store-calls.js';

const IN_FLIGHT = [1, 32, 128] as const;
/** The adapter is to append so often a second at 32 in flight, on the facade. */
const AIM = { inFlight: 32, appendsPerSecond: 3_000 };
/** The port is to reach so much of what the client does alone. */
const PORT_OF_BARE = 0.8;
const WARM_UP_MS = 500;
/** Port and bare client in turn, so that whatever else the machine does meets both alike. */
const ROUNDS = 3;
const ROUND_MS = 600;
/** A writer begins a new stream after so many events: short streams are what a store mostly holds. */
const STREAM_LENGTH = 50;
const READ_STREAMS = 200;

const KINDS = ['appends', 'reads'] as const;
type Kind = (typeof KINDS)[number];
type Work = (calls: StoreCalls, inFlight: number, ms: number) => Promise<Done>;
interface Done {
  readonly count: number;
  readonly ms: number;
}

/** @returns how many were done until the last of them was answered */
async function flying(inFlight: number, ms: number, one: (worker: number) => () => Promise<unknown>): Promise<Done> {
  const began = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async (_, worker) => {
    for (const work = one(worker); performance.now() - began < ms; count += 1) await work();
  }));
  return { count, ms: performance.now() - began };
}

const appends: Work = (calls, inFlight, ms) =>
  flying(inFlight, ms, () => {
    let stream = `bench-${randomUUID()}`;
    let expected: ExpectedRevision = 'no-stream';
    return async () => {
      const revision = await calls.append(stream, expected);
      expected = revision;
      if (revision < STREAM_LENGTH - 1) return;
      stream = `bench-${randomUUID()}`;
      expected = 'no-stream';
    };
  });

const reads = (streams: readonly string[]): Work => (calls, inFlight, ms) =>
  flying(inFlight, ms, (worker) => {
    let next = worker;
    return () => {
      next += 1;
      return calls.readLast(streams[next % streams.length] ?? '');
    };
  });

/** Streams of a few events, to be read. */
async function seeded(calls: StoreCalls): Promise<readonly string[]> {
  const streams = Array.from({ length: READ_STREAMS }, () => `bench-${randomUUID()}`);
  await Promise.all(streams.map(async (stream) => {
    for (let expected: ExpectedRevision = 'no-stream'; expected === 'no-stream' || expected < 2; ) expected = await calls.append(stream, expected);
  }));
  return streams;
}

/** Calls a second of each, taken in turn. */
async function inTurn(all: readonly StoreCalls[], work: Work, inFlight: number): Promise<readonly number[]> {
  const done = all.map(() => ({ count: 0, ms: 0 }));
  for (const calls of all) await work(calls, inFlight, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, calls] of all.entries()) {
      const { count, ms } = await work(calls, inFlight, ROUND_MS);
      const sum = done[i];
      if (sum !== undefined) done[i] = { count: sum.count + count, ms: sum.ms + ms };
    }
  }
  return done.map(({ count, ms }) => (count * 1_000) / ms);
}

/** Appends and reads a second of the port on the embedded log. @param dir on the disk that is to be measured */
export async function embeddedRates(dir: string): Promise<readonly Row[]> {
  const log = await openEmbeddedLog({ dir });
  try {
    const port = throughPort(log.store);
    const streams = await seeded(port);
    const rows: Row[] = [];
    for (const kind of KINDS) {
      for (const inFlight of IN_FLIGHT) {
        const [rate = 0] = await inTurn([port], workOf(kind, streams), inFlight);
        rows.push(figure(`${kind}, embedded log, ${inFlight} in flight`, rate, `${kind}/s`));
      }
    }
    return rows;
  } finally {
    await log.close();
  }
}

const workOf = (kind: Kind, streams: readonly string[]): Work => (kind === 'appends' ? appends : reads(streams));

/** The same through the adapter, and through the client that it stands on alone. @param name of what answers at the URL */
export async function adapterRates(name: string, url: string): Promise<readonly Row[]> {
  const opened = openEventStoreDB({ url });
  const bare = bareClient(url);
  try {
    const port = throughPort(opened.store);
    const streams = await seeded(port);
    const rows: Row[] = [];
    for (const kind of KINDS) {
      for (const inFlight of IN_FLIGHT) {
        const [adapter = 0, alone = 0] = await inTurn([port, bare], workOf(kind, streams), inFlight);
        const of = (what: string): string => `${kind}, ${what} on ${name}, ${inFlight} in flight`;
        const isAimed = kind === 'appends' && inFlight === AIM.inFlight;
        rows.push(
          isAimed ? atLeast(of('adapter'), adapter, `${kind}/s`, AIM.appendsPerSecond) : figure(of('adapter'), adapter, `${kind}/s`),
          figure(of('bare client'), alone, `${kind}/s`),
          atLeast(of('adapter / bare client'), adapter / alone, 'times', PORT_OF_BARE),
        );
      }
    }
    return rows;
  } finally {
    await bare.close();
    await opened.close();
  }
}
