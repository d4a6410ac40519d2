import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** One figure. `aim` is in `unit`; `ratio` is value / aim; both null, as `met`, where nothing is aimed at. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: number | null;
  readonly ratio: number | null;
  readonly met: boolean | null;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly date: string;
  /** Processes that were running or waiting for a core during the last minute before the first measurement: other work makes all rates smaller. */
  readonly loadAverage: number;
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${type()} ${release()}`,
  node: process.version,
  date: new Date().toISOString(),
  loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100);

export const figure = (name: string, value: number, unit: string): Row => ({ name, value: rounded(value), unit, aim: null, ratio: null, met: null });
const aimed = (name: string, value: number, unit: string, aim: number, met: boolean): Row => ({ name, value: rounded(value), unit, aim: rounded(aim), ratio: Math.round((value / aim) * 100) / 100, met });
export const atLeast = (name: string, value: number, unit: string, aim: number): Row => aimed(name, value, unit, aim, value >= aim);
export const atMost = (name: string, value: number, unit: string, aim: number): Row => aimed(name, value, unit, aim, value <= aim);

const number = (value: number | null): string => (value === null ? '' : value.toLocaleString('en-US', { maximumFractionDigits: 2 }));

/** A Markdown table that reads well in a terminal too. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((r) => [r.name, number(r.value), r.unit, number(r.aim), number(r.ratio), r.met === null ? '' : r.met ? 'yes' : 'no']);
  const all = [['what', 'value', 'unit', 'aim', 'value / aim', 'met'], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => (i === 1 || i === 3 || i === 4 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(' | ')} |`;
  const [head = [], ...body] = all;
  const rule = `|${widths.map((width, i) => (i === 1 || i === 3 || i === 4 ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

export function about({ cpu, cores, memoryBytes, system, node, date, loadAverage }: Machine): string {
  return `${cores} x ${cpu}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${system}, Node ${node}, ${date.slice(0, 16)}Z, load average ${loadAverage} before the start`;
}
