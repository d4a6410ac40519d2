import { parseDecisionStatement, statementDigest } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { hasSequence, mayApprove, optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { asTold } from './state.js';
import type { NamedApproval, OperationState, StandingDecision } from './state.js';

/** Undefined: nobody names it, since the operation had no sequence. */
export function namedApproval(given: StandingDecision): NamedApproval | undefined {
  const parsed = given.proof === undefined ? undefined : parseDecisionStatement(given.proof.statement);
  if (given.proof === undefined || parsed === undefined || 'fault' in parsed || parsed.statement.after === undefined) return undefined;
  return { digest: statementDigest(given.proof.statement), by: asTold(given), after: parsed.statement.after };
}

/**
 * Whether an approval was given in the order that a policy asks for: it was open to who gave it, by the approvals that its own statement names, as far as none of them was withdrawn since (rule 25).
 * Signers ask the same. Where approvals are not signed they name nothing, and the decider alone keeps the order.
 */
export function inOrder(policy: Policy, { named }: OperationState, directory: Directory): (approval: StandingDecision) => boolean {
  if (optionsOf(policy).requiredProof === 'token' || !hasSequence(policy)) return () => true;
  const human = (by: PolicyPrincipal): PolicyPrincipal => ({ ...by, person: directory.personOf(by) });
  const kept = new Map<string, PolicyPrincipal>();
  const wasOpen = (by: PolicyPrincipal, after: readonly string[]): boolean => mayApprove(policy, human(by), after.flatMap((digest) => kept.get(digest) ?? []));
  for (const { digest, by, after } of named) if (wasOpen(by, after)) kept.set(digest, human(by));
  return (approval) => {
    const own = namedApproval(approval);
    return own === undefined ? wasOpen(asTold(approval), []) : kept.has(own.digest);
  };
}

/** The digests of the signed approvals that stand: what a decision that comes next names. */
export const signedApprovals = ({ decisions }: OperationState): readonly string[] =>
  decisions.flatMap((d) => (d.decision === 'approve' && d.proof !== undefined ? [statementDigest(d.proof.statement)] : []));
