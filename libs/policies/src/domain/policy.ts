import type { Actor } from '#kernel/actor.js';
import { childrenOf } from './policy-node.js';
import type { PolicyNode } from './policy-node.js';
import { NO_OPTIONS } from './policy-options.js';
import type { GivenOptions, Level, PolicyOptions } from './policy-options.js';

// Stored in events of keys and operations: members are added, never changed.

export interface PolicyDocument extends GivenOptions {
  readonly tree: PolicyNode;
}

/** Who must approve: a tree alone, or with options. */
export type Policy = PolicyNode | PolicyDocument;

/** A published policy by its name. */
export interface PolicyReference {
  readonly ref: string;
  /** Null: the one in force when an operation is requested. */
  readonly version: number | null;
}
/** What the deployment demands for a level. */
export interface LevelReference {
  readonly assuranceLevel: Level;
}
/** What a key holds. */
export type PolicySource = Policy | PolicyReference | LevelReference;

/** A policy as an operation has it, with where it came from. */
export interface PinnedPolicy {
  readonly policy: Policy;
  /** Null: the key's own, or a level's. */
  readonly name: string | null;
  readonly version: number | null;
  readonly level: Level | null;
}

/** What a policy looks at in a person. */
export interface PolicyPrincipal extends Actor {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Names the human: accounts with the same text are one. Left out: the account is a human by itself. */
  readonly person?: string;
}

export interface PolicyVerdict {
  readonly met: boolean;
  /** How many more different people are needed at least, whoever they are. */
  readonly missing: number;
}

export const treeOf = (policy: Policy): PolicyNode => ('tree' in policy ? policy.tree : policy);

/** Whether some of its approvals have an order. */
export const hasSequence = (policy: Policy): boolean => isOrdered(treeOf(policy));
const isOrdered = (node: PolicyNode): boolean => node.type === 'sequence' || childrenOf(node).some(isOrdered);

/** Every option of a policy, given or not. */
export function optionsOf(policy: Policy): PolicyOptions {
  if (!('tree' in policy)) return NO_OPTIONS;
  const { tree: _tree, ...given } = policy;
  return { ...NO_OPTIONS, ...given };
}
