/**
 * What a terminal or an eye would not show as what it is: controls, escapes, marks of writing direction, zero widths, variation selectors, spaces that are none, fillers,
 * marks that enclose others, and code points without meaning (Unicode Technical Report 36, Annex 31 of its standard).
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/** A text in one line, in which such characters are written out, as in `\u{202e}`. */
export const visible = (text: string): string => text.replaceAll(UNSEEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Alphabets with letters that look like Latin ones. */
const LOOKALIKES = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}\p{Script=Coptic}]/u;

/** Words that look like others: of Latin letters and similar ones of other alphabets, or of other forms of letters. What is written in one foreign alphabet is not among them. */
export function deceptiveWords(text: string): readonly string[] {
  const words = text.match(WORD) ?? [];
  return [...new Set(words.filter((word) => (/\p{Script=Latin}/u.test(word) && LOOKALIKES.test(word)) || word.normalize('NFKC') !== word.normalize('NFC')))];
}
