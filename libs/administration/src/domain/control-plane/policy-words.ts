import type { InputFault } from '#kernel/domain-error.js';
import { parsePolicy } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';

export const LEVELS = ['L0', 'L1', 'L2', 'L3'] as const;
export type Level = (typeof LEVELS)[number];
export type ProofKind = 'token' | 'signature' | 'webauthn';
export type PolicySource = Policy | { readonly ref: string; readonly version: number | null } | { readonly assuranceLevel: Level };
export interface PinnedPolicy {
  readonly policy: Policy;
  readonly name: string | null;
  readonly version: number | null;
  readonly level: Level | null;
}
export const parsePolicySource = (value: unknown, at: string): { readonly source: PolicySource } | { readonly faults: readonly InputFault[] } => {
  const parsed = parsePolicy(value, at);
  return 'policy' in parsed ? { source: parsed.policy } : parsed;
};
export const weakens = (before: PolicySource, after: PolicySource): boolean => JSON.stringify(before) !== JSON.stringify(after);
export const isLevelSource = (source: PolicySource): source is { readonly assuranceLevel: Level } => 'assuranceLevel' in source;
export const isReference = (source: PolicySource): source is { readonly ref: string; readonly version: number | null } => 'ref' in source;
export const assuranceLevelOf = (_: Policy): Level | null => null;
export const excludedGroupsOf = (_: Policy): readonly string[] => [];
export const samePolicy = (a: PolicySource, b: PolicySource): boolean => JSON.stringify(a) === JSON.stringify(b);
