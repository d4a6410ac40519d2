import { deceptiveWords, visible } from './visible-text.js';

/** Code points to a line: what a terminal would break itself could look like a line of its own. */
const LINE = 76;
/** In this order first, the rest behind them as it comes. Every member is shown. */
const FIRST = ['type', 'deployment', 'operationId', 'requestedBy', 'requestedAt', 'notBefore', 'expiresAt', 'description', 'approverContext', 'keyUsages', 'grants', 'emergency', 'binding'];

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * All that a statement says, in lines for people. No text of it can begin a line or move the cursor: long ones and those of several lines stand behind `|`, and behind `+` where
 * the line goes on.
 */
export function readableStatement(statement: Members): readonly string[] {
  const names = Object.keys(statement);
  const ordered = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  const warnings = [...new Set(textsIn(statement).flatMap(deceptiveWords))].map((word) => `! not what it looks like: ${visible(word)} is ${[...word].map((c) => (c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')).join(' ')}`);
  return [...ordered.flatMap((name) => lines(name, statement[name], '')), ...warnings];
}

function lines(name: string, value: unknown, indent: string): readonly string[] {
  const head = `${indent}${visible(name)}:`;
  if (typeof value === 'string') return textLines(head, value, indent);
  if (Array.isArray(value)) return value.length === 0 ? [`${head} none`] : [head, ...value.flatMap((item, i) => lines(`${i + 1}`, item, `${indent}  `))];
  if (isMembers(value)) {
    const members = Object.entries(value);
    return members.length === 0 ? [`${head} {}`] : [head, ...members.flatMap(([key, item]) => lines(key, item, `${indent}  `))];
  }
  return [`${head} ${JSON.stringify(value)}`];
}

function textLines(head: string, text: string, indent: string): readonly string[] {
  if (!text.includes('\n') && head.length + [...visible(text)].length < LINE + 20 && [...visible(text)].length <= LINE) return [`${head} ${isPlain(text) ? visible(text) : `"${visible(text)}"`}`];
  return [head, ...text.split('\n').flatMap((line) => chunks(visible(line)).map((chunk, i) => `${indent}  ${i === 0 ? '|' : '+'} ${chunk}`))];
}

/** Others could be taken for null, a number, or an end that is not there. */
const isPlain = (text: string): boolean => !/^(?:null|none|true|false|\{\}|[-+]?\d[\d.eE+-]*|".*"|)$|^\s|\s$/su.test(text);

function chunks(line: string): readonly string[] {
  const characters = [...line];
  return characters.length === 0 ? [''] : Array.from({ length: Math.ceil(characters.length / LINE) }, (_, i) => characters.slice(i * LINE, (i + 1) * LINE).join(''));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isMembers(value) ? Object.entries(value).flatMap(([name, item]) => [name, ...textsIn(item)]) : [];
}
