import { NOBODY_KNOWN } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { ControlPlane, ControlPlaneView } from '#operations/contract.js';

const VIEW: ControlPlaneView = {
  directory: NOBODY_KNOWN,
  resolve(source) {
    if ('type' in source || 'tree' in source) return [{ policy: source, name: null, version: null, level: null }];
    throw new DomainError('POLICY_NOT_FOUND', 'there is no such policy');
  },
  sessionNames: () => false,
  mutualWithinDays: 0,
};

/** A deployment in which nothing was ever administered. @param publicUrl whom signed decisions are for */
export function plainControlPlane(publicUrl: string): ControlPlane {
  const { hostname, origin } = new URL(publicUrl);
  return { fresh: () => Promise.resolve(VIEW), known: () => VIEW, relying: { audience: publicUrl, rpId: hostname, origin } };
}
