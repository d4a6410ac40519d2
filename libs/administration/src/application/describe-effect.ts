import { exhaustive } from '#kernel/exhaustive.js';
import type { Effect } from '../domain/control-plane/effects.js';

/** One line for those who are to approve an act; what it changes exactly, its statement says. */
export function describeEffect(effect: Effect): string {
  switch (effect.type) {
    case 'policy-published':
      return `Publish the policy ${effect.name}`;
    case 'level-set':
      return `Set what assurance level ${effect.level} demands`;
    case 'roster-set':
      return `Set the roster of ${effect.group}: ${effect.members.length} members`;
    case 'person-set':
    case 'person-suspended':
      return `Set who the person ${effect.personId} is`;
    case 'separation-set':
      return 'Set the separation of duties';
    case 'issuers-set':
      return `Set the trusted issuers: ${effect.issuers.length}`;
    case 'quorum-set':
      return `Set the quorum of administrators: ${effect.quorum}`;
    case 'credential-enrolled':
      return `Enrol the credential ${effect.label} of ${effect.owner.subject}`;
    case 'credential-suspended':
    case 'credential-resumed':
    case 'credential-revoked':
      return `${effect.type === 'credential-resumed' ? 'Resume' : 'Take away'} the credential ${effect.credentialId}: ${effect.reason}`;
    case 'deputy-named':
    case 'deputy-withdrawn':
      return 'Change a deputy';
    case 'key-permitted':
      return `Register the key ${effect.key.keyId}: ${effect.key.purpose}, ${effect.key.algorithm}`;
    case 'key-policy-set':
      return `Set the approval policy of the key ${effect.keyId}`;
    case 'key-enabled':
    case 'key-disabled':
      return `${effect.type === 'key-enabled' ? 'Enable' : 'Disable'} the key ${effect.keyId}: ${effect.reason}`;
    case 'session-opened':
      return `Open an administration session of ${Math.ceil(effect.validMs / 60_000)} minutes: ${effect.purpose}`;
    case 'session-closed':
      return 'Close an administration session';
    default:
      return exhaustive(effect);
  }
}
