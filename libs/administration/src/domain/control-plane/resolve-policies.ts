import { DomainError } from '#kernel/domain-error.js';
import { LEVELS, optionsOf } from '#policies/contract.js';
import type { Level, LevelReference, PinnedPolicy, PolicyReference, PolicySource } from '#policies/contract.js';
import { defaultLevel } from './levels.js';
import type { ControlPlaneState } from './state.js';

/**
 * Every policy that a key's source comes to now, each to be met by itself: its own, then that of its assurance level, and those of every lower level that the
 * deployment has set.
 */
export function resolvePolicies(state: ControlPlaneState, source: PolicySource): readonly PinnedPolicy[] | DomainError {
  if (isLevelReference(source)) return levelPolicies(state, source.assuranceLevel);
  const own = 'ref' in source ? published(state, source) : { policy: source, name: null, version: null, level: null };
  if (own instanceof DomainError) return own;
  const level = optionsOf(own.policy).assuranceLevel;
  return [own, ...(level === null ? [] : levelPolicies(state, level))];
}

/** A document may name a level too, beside its tree. */
export const isLevelReference = (source: PolicySource): source is LevelReference => !('ref' in source) && !('type' in source) && !('tree' in source);

function published(state: ControlPlaneState, { ref, version }: PolicyReference): PinnedPolicy | DomainError {
  const versions = state.policies.get(ref);
  if (versions === undefined) return new DomainError('POLICY_NOT_FOUND', `there is no policy ${ref}`);
  const found = version === null ? versions.at(-1) : versions[version - 1];
  if (found === undefined) return new DomainError('POLICY_NOT_FOUND', `the policy ${ref} has no version ${version ?? ''}`);
  return { policy: found.policy, name: ref, version: found.version, level: null };
}

/** The strongest first. What a lower level means by default is less than any higher one asks, so it counts only where it was set. */
function levelPolicies(state: ControlPlaneState, level: Level): readonly PinnedPolicy[] {
  return LEVELS.slice(0, LEVELS.indexOf(level) + 1).reverse().flatMap((one): readonly PinnedPolicy[] => {
    const policy = state.levels.get(one) ?? (one === level ? defaultLevel(one) : undefined);
    return policy === undefined ? [] : [{ policy, name: null, version: null, level: one }];
  });
}
