import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface Numbered {
  readonly n: number;
  readonly answer: Answer;
}
/** As `JSON.parse` gives it. Errors, lists and positions are put into the same form before they are compared. */
export type Answer = Readonly<Record<string, unknown>>;

export interface RecordedEventSent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
export interface RecordedAppend extends Numbered {
  readonly call: 'append';
  readonly path: Path;
  readonly stream: string;
  /** `no_stream`, `any`, `stream_exists` or a revision. */
  readonly expected: string;
  readonly events: readonly RecordedEventSent[];
}
export interface RecordedReadStream extends Numbered {
  readonly call: 'readStream';
  readonly stream: string;
  readonly direction: Direction;
  /** `start`, `end` or a revision. */
  readonly from: string;
  readonly maxCount: number;
}
export interface RecordedReadAll extends Numbered {
  readonly call: 'readAll';
  readonly direction: Direction;
}
export interface RecordedRemoval extends Numbered {
  readonly call: 'delete' | 'tombstone';
  readonly path: Path;
  readonly stream: string;
  readonly expected: string;
}
export interface RecordedSetMetadata extends Numbered {
  readonly call: 'setMetadata';
  readonly path: Path;
  readonly stream: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}
export interface RecordedGetMetadata extends Numbered {
  readonly call: 'getMetadata';
  readonly stream: string;
}
export interface RecordedSubscribeAll extends Numbered {
  readonly call: 'subscribeAll';
  readonly prefixes: readonly string[];
  /** The id of the event at whose position it starts. */
  readonly after?: string;
}
export interface RecordedSubscribeStream extends Numbered {
  readonly call: 'subscribeStream';
  readonly stream: string;
  readonly from: string;
}
export type Path = 'batch' | 'classic';
export type Direction = 'forwards' | 'backwards';
export type RecordedCall =
  | RecordedAppend | RecordedReadStream | RecordedReadAll | RecordedRemoval | RecordedSetMetadata | RecordedGetMetadata | RecordedSubscribeAll | RecordedSubscribeStream;

/** What a real server was asked, one call after the other from an empty store, and what it answered. */
export const readRecording = (file: string): readonly RecordedCall[] =>
  gunzipSync(readFileSync(join(import.meta.dirname, file))).toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as RecordedCall);

export const RECORDINGS = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.jsonl.gz')).sort();

/** A list as it was recorded: a long one as its length, its hash and both ends. */
export const listed = (list: readonly unknown[]): unknown =>
  list.length <= 12 ? list : { count: list.length, sha256: createHash('sha256').update(JSON.stringify(list)).digest('hex'), first: list.slice(0, 2), last: list.slice(-2) };

/** `{"$pad": n}` stands for a text of that length. */
export const dataOf = (event: RecordedEventSent): Readonly<Record<string, unknown>> => {
  const pad = event.data['$pad'];
  return typeof pad === 'number' ? { pad: 'x'.repeat(pad) } : event.data;
};

/** The nothing that the server said and did for 8 s. */
export const isSilence = ({ answer }: Numbered): boolean => answer['error'] === 'NoAnswer';

/** Tells of a position by the call that was first answered with it. */
export class Positions {
  readonly #first = new Map<string, number>();
  callOf(position: string, n: number): number {
    const first = this.#first.get(position) ?? n;
    this.#first.set(position, first);
    return first;
  }
}
