import { pause } from '#eventing/pause.js';
import { atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import type { BenchProcess } from './bench-process.js';

/** What a process holds: bytes of memory, and file handles. */
export interface Held {
  readonly name: string;
  readonly memory: number;
  readonly handles: number;
}

const MEGABYTE = 1_000_000;
const LOOK_MS = 250;
const MOST_GROWTH_PERCENT = 5;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median of what they hold within so many seconds: a garbage collection more or less is no growth. */
export async function heldBy(processes: readonly BenchProcess[], seconds: number): Promise<readonly Held[]> {
  const seen = processes.map(() => ({ memory: [] as number[], handles: [] as number[] }));
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; await pause(LOOK_MS)) {
    for (const [i, process] of processes.entries()) {
      process.check();
      seen[i]?.memory.push(process.memory().now);
      seen[i]?.handles.push(process.handles());
    }
  }
  return processes.map(({ name }, i) => ({ name, memory: median(seen[i]?.memory ?? []), handles: median(seen[i]?.handles ?? []) }));
}

const growth = (start: number, end: number): number => ((end - start) / start) * 100;

/** @param aimed names of the processes that are not to grow; of the others it is only told */
export const growthRows = (start: readonly Held[], end: readonly Held[], aimed: readonly string[]): readonly Row[] =>
  start.flatMap((before) => {
    const after = end.find(({ name }) => name === before.name);
    if (after === undefined) return [];
    const grown = (what: string, percent: number): Row => (aimed.includes(before.name) ? atMost(`${before.name}: ${what}`, percent, '%', MOST_GROWTH_PERCENT) : figure(`${before.name}: ${what}`, percent, '%'));
    return [
      figure(`${before.name}: memory at the start (RSS)`, before.memory / MEGABYTE, 'MB'),
      figure(`${before.name}: memory at the end (RSS)`, after.memory / MEGABYTE, 'MB'),
      grown('growth of memory', growth(before.memory, after.memory)),
      figure(`${before.name}: file handles at the start`, before.handles, 'handles'),
      figure(`${before.name}: file handles at the end`, after.handles, 'handles'),
      grown('growth of file handles', growth(before.handles, after.handles)),
    ];
  });
