import { readFileSync, statSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ALIASES = 10_000;

/** What the file says, and where it says it. */
export interface CeremonyFile {
  readonly value: unknown;
  /** The line of what a JSON Pointer leads to, or of what it would be in. */
  readonly lineOf: (pointer: string) => number;
}

/** @throws Error of one line when it can't be read, or is no YAML 1.2 */
export function readCeremonyFile(file: string): CeremonyFile {
  const lines = new LineCounter();
  const document = parseDocument(textOf(file), { lineCounter: lines, prettyErrors: false, logLevel: 'error', stringKeys: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new Error(`${file}:${line}:${col}: is not valid YAML: ${fault.message.split('\n', 1)[0] ?? fault.code}`);
  }
  return { value: valueOf(document, file), lineOf: (pointer) => lines.linePos(offsetOf(document, pointer)).line };
}

function textOf(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw new Error(`${file} has more than ${MAX_BYTES} bytes`);
    // A byte that is no UTF-8 would be another character to everybody who compares.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) throw new Error(`${file} is not UTF-8`, { cause: error });
    throw error;
  }
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new Error(`${file} is not valid YAML: its aliases can not be resolved`, { cause: error });
  }
}

/** As far as the pointer leads. */
function offsetOf(document: Document, pointer: string): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of pointer.split('/').slice(1).map((text) => text.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (isAlias(node)) node = node.resolve(document);
    const next: Place | undefined = stepInto(node, step);
    if (next === undefined) break;
    ({ node, offset } = next);
  }
  return offset;
}

interface Place {
  readonly node: Node | null | undefined;
  readonly offset: number;
}

function stepInto(node: Node | null | undefined, step: string): Place | undefined {
  if (isMap<Node, Node | null>(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    return placed(pair?.value, pair?.key);
  }
  const item = isSeq<Node>(node) && /^\d+$/.test(step) ? node.items[Number(step)] : undefined;
  return placed(item, item);
}

function placed(node: Place['node'], at: Node | undefined): Place | undefined {
  const range = at?.range;
  return range === undefined || range === null ? undefined : { node, offset: range[0] };
}
