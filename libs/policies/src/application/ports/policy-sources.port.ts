import type { PinnedPolicy, PolicySource } from '../../domain/policy.js';

export const POLICY_SOURCES = Symbol('PolicySources');

/** What is known of published policies and levels. */
export interface PolicySources {
  /**
   * Every policy that a source stands for now, each to be met by itself: its own, and those of its level and of every lower one.
   * @throws DomainError when it refers to what there is not
   */
  resolve(source: PolicySource): Promise<readonly PinnedPolicy[]>;
}
