import { DomainError, invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { optionsOf } from '#policies/contract.js';
import type { PinnedPolicy } from '#policies/contract.js';
import { emergencyPolicy } from '../domain/operation/emergency.js';
import type { GrantedKey } from '../domain/operation/events.js';
import { policiesOf } from '../domain/operation/status.js';
import type { OperationRequest } from './request-operation/request-operation.command.js';

type Pinned = Pick<GrantedKey, 'policy' | 'policyName' | 'policyVersion' | 'demands'>;

/** The policies of a key as a request pins them: its own, then what its level demands. */
export function pinned(policies: readonly PinnedPolicy[], emergency: boolean): Pinned {
  const [own, ...demands] = policies.map((p) => (emergency ? { ...p, policy: emergencyPolicy(p.policy) ?? p.policy } : p));
  if (own === undefined) throw new DomainError('POLICY_UNSATISFIABLE', 'the key is under no policy');
  return {
    policy: own.policy,
    ...(own.name === null ? {} : { policyName: own.name }),
    ...(own.version === null ? {} : { policyVersion: own.version }),
    ...(demands.length === 0 ? {} : { demands }),
  };
}

/** What the policies allow of a request: how long, how often, bound or not, and whether there is an emergency path. */
export function requestFaults(request: OperationRequest, keyUsages: readonly GrantedKey[]): readonly InputFault[] {
  const faults: InputFault[] = [];
  for (const [i, key] of keyUsages.entries())
    for (const policy of policiesOf(key)) {
      const { maxValidMs, maxUsageCount, requireBinding } = optionsOf(policy);
      if (maxValidMs !== null && request.validMs > maxValidMs) faults.push({ path: '/validMs', message: `the policy of ${key.keyId} allows at most ${maxValidMs}` });
      if (maxUsageCount !== null && key.maxUsageCount > maxUsageCount) faults.push({ path: `/keyUsages/${i}/maxUsageCount`, message: `the policy of ${key.keyId} allows at most ${maxUsageCount}` });
      if (requireBinding && request.binding === null) faults.push({ path: '/binding', message: `the policy of ${key.keyId} asks for it` });
    }
  if (request.emergency !== undefined && !keyUsages.some((key) => policiesOf(key).some((policy) => emergencyPolicy(policy) !== undefined))) faults.push({ path: '/emergency', message: 'no policy of these keys has an emergency path' });
  return faults;
}

/** @throws DomainError VALIDATION_FAILED */
export function checkRequest(request: OperationRequest, keyUsages: readonly GrantedKey[]): void {
  const faults = requestFaults(request, keyUsages);
  if (faults.length > 0) throw invalid(...faults);
}
