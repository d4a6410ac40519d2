// What stands in a file that is read aloud: no text of the ceremony's file becomes markup, and none hides.

/** A text as it is, in code marks. What cannot be seen is spelled out. */
export function code(text: string): string {
  const seen = visible(text);
  const longest = Math.max(0, ...[...seen.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = '`'.repeat(longest + 1);
  return longest === 0 ? `${marks}${seen}${marks}` : `${marks} ${seen} ${marks}`;
}

/** Controls, separators and marks of direction as `\u{…}`. */
const visible = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000], ['ms', 1]] as const;

/** Exactly, in the units that people use. */
export function duration(ms: number): string {
  let rest = ms;
  const parts = UNITS.flatMap(([name, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

export const people = (count: number): string => (count === 1 ? '1 person' : `${count} different people`);
/** In groups of four, eight to a line: for one to read and others to follow. */
export const inFours = (hex: string): readonly string[] => (hex.match(/.{1,32}/g) ?? []).map((line) => (line.match(/.{1,4}/g) ?? []).join(' '));
