import type { PolicyNode } from './policy-node.js';
import { fault, isRecord, readInteger, readText, refuseUnknown, step } from './reading.js';
import type { Findings } from './reading.js';

export const MAX_LEVELS = 8;
export const MAX_NODES = 64;
/** Of people that one node asks for, and of weights. */
export const MAX_COUNT = 32;
export const MAX_NAME = 200;

const MEMBERS = {
  none: ['type'],
  approvers: ['type', 'count', 'group', 'role'],
  allOf: ['type', 'of'],
  anyOf: ['type', 'of'],
  threshold: ['type', 'k', 'of', 'weights'],
  sequence: ['type', 'of'],
} as const;
type NodeType = keyof typeof MEMBERS;
const TYPES = Object.keys(MEMBERS);
const isNodeType = (value: unknown): value is NodeType => typeof value === 'string' && TYPES.includes(value);

/** Nodes that a tree may still have: what is beyond them is not looked at. */
interface Room {
  nodes: number;
}

/** Reads a tree of at most MAX_LEVELS levels and MAX_NODES nodes. @returns undefined with what is wrong among the findings */
export function readTree(value: unknown, at: string, findings: Findings): PolicyNode | undefined {
  const room: Room = { nodes: MAX_NODES };
  const node = readNode(value, at, 1, room, findings);
  return room.nodes < 0 ? fault(findings, at, `must have at most ${MAX_NODES} nodes`) : node;
}

function readNode(value: unknown, at: string, level: number, room: Room, findings: Findings): PolicyNode | undefined {
  room.nodes -= 1;
  if (room.nodes < 0) return undefined;
  if (level > MAX_LEVELS) return fault(findings, at, `must not be nested deeper than ${MAX_LEVELS} levels`);
  if (!isRecord(value)) return fault(findings, at, 'must be an object with a type');
  const { type } = value;
  if (!isNodeType(type)) return fault(findings, `${at}/type`, `must be one of ${TYPES.join(', ')}`);
  refuseUnknown(value, MEMBERS[type], at, findings);
  if (type === 'none') return { type };
  if (type === 'approvers') return readApprovers(value, at, findings);
  const k = type === 'threshold' ? readInteger(value['k'], 1, Number.MAX_SAFE_INTEGER, `${at}/k`, findings) : undefined;
  const of = readChildren(value['of'], `${at}/of`, level, room, findings);
  if (type !== 'threshold') return of && { type, of };
  const weights = value['weights'] === undefined ? null : readWeights(value['weights'], value['of'], `${at}/weights`, findings);
  if (k === undefined || of === undefined || weights === undefined) return undefined;
  const sum = weights === null ? of.length : weights.reduce((a, b) => a + b, 0);
  if (k > sum) findings.unsatisfiable.push({ path: `${at}/k`, message: `is more than the ${sum} that all of its nodes are worth` });
  return { type, k, of, weights };
}

function readApprovers(value: Record<string, unknown>, at: string, findings: Findings): PolicyNode | undefined {
  const count = readInteger(value['count'], 1, MAX_COUNT, `${at}/count`, findings);
  const group = value['group'] === undefined ? null : readText(value['group'], MAX_NAME, `${at}/group`, findings);
  const role = value['role'] === undefined ? 'approver' : readText(value['role'], MAX_NAME, `${at}/role`, findings);
  return count === undefined || group === undefined || role === undefined ? undefined : { type: 'approvers', count, group, role };
}

/** Undefined when one of them is. */
function readChildren(value: unknown, at: string, level: number, room: Room, findings: Findings): readonly PolicyNode[] | undefined {
  if (!Array.isArray(value)) return fault(findings, at, 'must be a list of nodes');
  if (value.length === 0) return fault(findings, at, 'must have at least one node');
  const children: PolicyNode[] = [];
  for (const [i, child] of value.entries()) {
    const node = readNode(child, at + step(i), level + 1, room, findings);
    if (room.nodes < 0) return undefined;
    if (node !== undefined) children.push(node);
  }
  return children.length === value.length ? children : undefined;
}

function readWeights(value: unknown, of: unknown, at: string, findings: Findings): readonly number[] | undefined {
  if (!Array.isArray(value)) return fault(findings, at, 'must be a list of whole numbers');
  if (Array.isArray(of) && value.length !== of.length) return fault(findings, at, `must have one weight for each of the ${of.length} nodes`);
  if (value.length > MAX_NODES) return fault(findings, at, `must have at most ${MAX_NODES} weights`);
  const weights = value.map((w: unknown, i) => readInteger(w, 1, MAX_COUNT, at + step(i), findings));
  return weights.every((w) => w !== undefined) ? weights : undefined;
}
