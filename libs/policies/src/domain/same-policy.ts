import { optionsOf, treeOf } from './policy.js';
import type { PolicyNode } from './policy-node.js';
import type { PolicySource } from './policy.js';
import { DAYS } from './policy-options.js';
import type { PolicyOptions } from './policy-options.js';

/** Whether two sources ask for the same: how they are written does not matter, nor whether an option is left out or given its default. The order of nodes does. */
export function samePolicy(a: PolicySource, b: PolicySource): boolean {
  return JSON.stringify(normal(a)) === JSON.stringify(normal(b));
}

export const sameTree = (a: PolicyNode, b: PolicyNode): boolean => JSON.stringify(normalNode(a)) === JSON.stringify(normalNode(b));

function normal(source: PolicySource): unknown {
  if ('ref' in source) return ['ref', source.ref, source.version];
  if (!('type' in source) && !('tree' in source)) return ['level', source.assuranceLevel];
  return ['policy', normalNode(treeOf(source)), normalOptions(optionsOf(source))];
}

function normalNode(node: PolicyNode): unknown {
  if (node.type === 'none') return ['none'];
  if (node.type === 'approvers') return ['approvers', node.count, node.group, node.role];
  const children = node.of.map(normalNode);
  return node.type === 'threshold' ? ['threshold', node.k, node.weights ?? node.of.map(() => 1), children] : [node.type, children];
}

/** One list in one order; an option that comes to exist is compared without being named here. */
function normalOptions(options: PolicyOptions): unknown {
  const { allowedHours, excludedGroups, emergency, escalateTo, ...plain } = options;
  return [
    Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : 1)),
    allowedHours && [allowedHours.timeZone, DAYS.filter((d) => allowedHours.days.includes(d)), allowedHours.from, allowedHours.to],
    [...excludedGroups].sort(),
    emergency && [normalNode(emergency.tree), emergency.reviewWithinMs, normalNode(emergency.reviewers)],
    escalateTo && normalNode(escalateTo),
  ];
}
