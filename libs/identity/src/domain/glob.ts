/**
 * Whether a whole text fits a pattern in which `*` stands for any characters, also none; everything else is literal.
 * No regular expression and no backtracking: the leftmost place of each literal part is as good as any other, so one pass decides.
 */
export function fitsGlob(pattern: string, value: string): boolean {
  const parts = pattern.split('*');
  const head = parts[0] ?? '';
  const tail = parts.at(-1) ?? '';
  if (parts.length === 1) return pattern === value;
  if (value.length < head.length + tail.length || !value.startsWith(head) || !value.endsWith(tail)) return false;
  const end = value.length - tail.length;
  let from = head.length;
  for (const part of parts.slice(1, -1)) {
    const at = value.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
