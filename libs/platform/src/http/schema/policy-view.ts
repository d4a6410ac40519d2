import type { GivenOptions, Policy, PolicyNode, PolicySource } from '#policies/contract.js';

interface ApproversView {
  readonly type: 'approvers';
  readonly count: number;
  readonly group?: string;
  readonly role: string;
}
interface ThresholdView {
  readonly type: 'threshold';
  readonly k: number;
  readonly of: readonly PolicyNodeView[];
  readonly weights?: readonly number[];
}
/** A node as answers show it: what is null inside is left out. */
export type PolicyNodeView = { readonly type: 'none' } | ApproversView | { readonly type: 'allOf' | 'anyOf' | 'sequence'; readonly of: readonly PolicyNodeView[] } | ThresholdView;

interface PolicyDocumentView extends Omit<GivenOptions, 'emergency' | 'escalateTo'> {
  readonly tree: PolicyNodeView;
  readonly emergency?: { readonly tree: PolicyNodeView; readonly reviewWithinMs: number; readonly reviewers: PolicyNodeView };
  readonly escalateTo?: PolicyNodeView;
}
export type PolicyView = PolicyNodeView | PolicyDocumentView;
export type PolicySourceView = PolicyView | { readonly ref: string; readonly version?: number } | { readonly assuranceLevel: NonNullable<GivenOptions['assuranceLevel']> };

export function nodeView(node: PolicyNode): PolicyNodeView {
  switch (node.type) {
    case 'none':
      return { type: 'none' };
    case 'approvers': {
      const { type, count, group, role } = node;
      return group === null ? { type, count, role } : { type, count, group, role };
    }
    case 'threshold': {
      const { type, k, weights } = node;
      const of = node.of.map(nodeView);
      return weights === null ? { type, k, of } : { type, k, of, weights };
    }
    default:
      return { type: node.type, of: node.of.map(nodeView) };
  }
}

/** A policy as answers show it, and as a request may send it back. */
export function policyView(policy: Policy): PolicyView {
  if (!('tree' in policy)) return nodeView(policy);
  const { tree, emergency, escalateTo, ...options } = policy;
  return {
    tree: nodeView(tree),
    ...options,
    ...(emergency === undefined ? {} : { emergency: { ...emergency, tree: nodeView(emergency.tree), reviewers: nodeView(emergency.reviewers) } }),
    ...(escalateTo === undefined ? {} : { escalateTo: nodeView(escalateTo) }),
  };
}

/** What a key holds: a policy, or a reference to one. */
export function policySourceView(source: PolicySource): PolicySourceView {
  if ('ref' in source) return source.version === null ? { ref: source.ref } : { ref: source.ref, version: source.version };
  return 'type' in source || 'tree' in source ? policyView(source) : { assuranceLevel: source.assuranceLevel };
}
