import { ADMINISTRATORS } from '#administration/contract.js';
import { answerableFor, kidOf } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { acceptanceStatement } from '../accept-store/acceptance-statement.js';
import type { Hearing } from '../accept-store/record-acceptance.js';
import type { Plane } from './plane.js';

/** Whether the roster names whoever has this account. */
export function isAdministrator(account: Actor, { directory, state }: Pick<Plane, 'directory' | 'state'>): boolean {
  const human = directory.personOf(account);
  return (state.rosters.get(ADMINISTRATORS) ?? []).some((one) => directory.personOf(one) === human);
}

/**
 * Whose word for an older store counts. Under a genesis, or where the control plane does not verify, only what an administrator signed himself: the event that tells of it may be anybody's.
 */
export function hearingOf(plane: Pick<Plane, 'directory' | 'state' | 'fault'>, verifier: ProofVerifier): Hearing {
  const { directory, state, fault } = plane;
  return {
    async whose({ head, by, proof }) {
      if (fault !== undefined) return undefined;
      if (state.genesis === null) return by;
      if (typeof proof !== 'string') return undefined;
      const credential = directory.credential(kidOf(proof) ?? '');
      if (credential?.status !== 'active' || directory.isSuspended(credential.owner) || !isAdministrator(credential.owner, plane)) return undefined;
      const verdict = await verifier.jws(proof, credential);
      return 'payload' in verdict && verdict.payload === acceptanceStatement(head) ? credential.owner : undefined;
    },
    isSame: (a, b) => answerableFor(a, directory).some((human) => answerableFor(b, directory).includes(human)),
  };
}
