export type Paint = (text: string) => string;
export interface Colours {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly red: Paint;
}

/** Colours on a terminal alone, and not where NO_COLOR (https://no-color.org) or a dumb terminal asks for none. */
export function coloursFor(output: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Colours {
  const coloured = output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint = (code: number): Paint => (coloured ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text);
  return { bold: paint(1), dim: paint(2), green: paint(32), red: paint(31) };
}

/** Rows under their heads in columns as wide as they must be; the last one is not padded. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ').trimEnd();
  return [line(heads), ...rows.map(line)];
}
