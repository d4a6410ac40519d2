import { policiesOf } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';
import { optionsOf } from '#policies/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';

type Request = NonNullable<OperationState['request']>;

/** What the api would not have taken: a request beyond what its own policies allow to be asked for. */
export function limitFaults(request: Request, grant: OperationState['grants'][number]): readonly Blocker[] {
  const validMs = Date.parse(request.expiresAt) - Date.parse(request.notBefore);
  const beyond = policiesOf(grant).map(optionsOf).flatMap(({ maxValidMs, maxUsageCount, requireBinding }) => [
    // Said as what is allowed: a time or a count that is none is beyond it.
    ...(maxValidMs === null || validMs <= maxValidMs ? [] : [`a window of at most ${maxValidMs} ms`]),
    ...(maxUsageCount === null || grant.maxUsageCount <= maxUsageCount ? [] : [`at most ${maxUsageCount} uses`]),
    ...(requireBinding && request.binding === null ? ['only what is bound to its digests'] : []),
  ]);
  const [first] = beyond;
  if (first !== undefined) return [blocker('POLICY_TAMPERED', `the policy of ${grant.keyId} allows ${first} to be asked for`)];
  return request.emergency === true && (request.personal.emergencyReason ?? '') === '' ? [blocker('POLICY_TAMPERED', 'an emergency has a reason')] : [];
}
