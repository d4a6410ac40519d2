import { sameActor } from '#kernel/actor.js';
import type { OperationState } from '#operations/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';
import type { CheckedProofs } from './checked-proofs.js';
import { nameOf, statementFault } from './decision-facts.js';
import type { Evidence, SignedApproval } from './evidence.js';
import type { Plane } from './plane.js';
import { policyDigestOf } from './request-faults.js';
import type { StandingNotes } from './standing-notes.js';

interface Deps {
  readonly proofs: CheckedProofs;
  readonly notes: StandingNotes;
}

/**
 * What is wrong with the proof of each signed approval of an operation. Whether its credential is active and he may approve is no matter of the proof.
 * @returns looks it up; undefined: the proof holds
 */
export async function approvalFaults({ signed }: Evidence, request: NonNullable<OperationState['request']>, plane: Plane, deps: Deps): Promise<(approval: SignedApproval) => Blocker | undefined> {
  const asked = { operationId: request.operationId, requestDigest: request.requestDigest, policyDigest: policyDigestOf(request), origin: plane.origin, since: plane.state.genesis?.createdAt ?? '' };
  const found = await Promise.all(
    signed.map(async (approval) => {
      const fault = statementFault(approval, asked) ?? standInFault(approval, plane) ?? ((await deps.notes.isWithdrawn(asked.operationId, approval)) ? 'it was withdrawn' : undefined);
      return fault === undefined ? unproven(approval, plane, deps.proofs) : invalid(approval, fault);
    }),
  );
  const faults = new Map(signed.map((approval, i) => [approval, found[i]]));
  // Of what nobody has looked at nothing is known.
  return (approval) => (faults.has(approval) ? faults.get(approval) : invalid(approval, 'it was not looked at'));
}

const invalid = ({ by }: SignedApproval, detail: string): Blocker => blocker('PROOF_INVALID', `the approval by ${nameOf(by)}: ${detail}`);

async function unproven(approval: SignedApproval, { directory, relying }: Plane, proofs: CheckedProofs): Promise<Blocker | undefined> {
  const { by, proof } = approval;
  const credential = directory.credential(proof.credentialId);
  if (credential === undefined) return blocker('CREDENTIAL_NOT_ACTIVE', `the credential of the approval by ${nameOf(by)} is not known to the control plane`);
  if (directory.personOf(credential.owner) !== directory.personOf(by)) return invalid(approval, 'it was made with somebody else’s credential');
  const fault = await proofs.decision(proof, credential, relying);
  return fault === undefined ? undefined : invalid(approval, fault.detail);
}

/** In whose name somebody approves is no part of what he signed: it is as the control plane had it. */
function standInFault({ by, at, onBehalfOf }: SignedApproval, plane: Plane): string | undefined {
  if (onBehalfOf === undefined) return undefined;
  const named = plane.directoryAt(at).principalsOf(by, at).find((one) => one.deputyId === onBehalfOf.deputyId);
  return named !== undefined && sameActor(named.principal, onBehalfOf.principal) && onBehalfOf.groups.every((g) => named.groups.includes(g)) ? undefined : 'he was not the deputy of whom it was given for';
}
