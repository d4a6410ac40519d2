import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { answerableFor } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { evaluatePolicy, names, optionsOf } from '#policies/contract.js';
import type { PolicyPrincipal } from '#policies/contract.js';
import { behind, claimsNow, groupsAgainst, isBarred, isExclusive } from './approvals.js';
import type { ReviewOpened } from './events.js';
import type { OperationState } from './state.js';
import { allPolicies, policiesOf } from './status.js';

/** The emergency paths that an operation takes. */
const paths = (state: OperationState) => (state.request?.emergency === true ? allPolicies(state).flatMap((policy) => optionsOf(policy).emergency ?? []) : []);

/** The review that a use at this time opens; undefined: it is none of an emergency, or all verdicts of the open one are still to come. A verdict is about what was done before it: what is done after it is reviewed anew, and no later. */
export function reviewOpenedBy(state: OperationState, at: Instant): ReviewOpened['data'] | undefined {
  const taken = paths(state);
  if (taken.length === 0 || state.request === null) return undefined;
  if (state.review?.status === 'open') return state.review.verdicts.length === 0 ? undefined : { at, dueAt: state.review.dueAt };
  const within = Math.min(...taken.map((e) => e.reviewWithinMs));
  return { at, dueAt: new Date(Date.parse(at) + within).toISOString() };
}

/** Keys whose emergency path was taken: they are disabled when nobody reviews it in time. */
export const keysUnderReview = (state: OperationState): readonly string[] =>
  state.request?.emergency === true ? state.grants.filter((g) => policiesOf(g).some((policy) => optionsOf(policy).emergency !== null)).map((g) => g.keyId) : [];

/** Why this person does not review it; undefined: he may. By others: neither who asked nor who approved. */
export function reviewRefusal(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): DomainError | undefined {
  if (state.review === null) return new DomainError('NOT_FOUND', 'there is nothing to review');
  const humans = answerableFor(person, directory);
  const involved = isBarred(state, person, now, directory) || state.decisions.some((d) => d.decision === 'approve' && behind(d, directory).some((human) => humans.includes(human)));
  if (involved) return new DomainError('SELF_APPROVAL', 'who asked for it, or approved it, does not review it');
  const may = !isExclusive(groupsAgainst(person, person.groups, now, directory), directory) && isReviewer(state, person, directory);
  return may ? undefined : new DomainError('NOT_ELIGIBLE', 'no policy of this operation names you as a reviewer');
}

/** Whether some policy of it names this person as a reviewer. */
export function isReviewer(state: OperationState, person: PolicyPrincipal, directory: Directory): boolean {
  const claimed = reviewerOf(person, directory);
  return paths(state).some((e) => names(e.reviewers, claimed));
}

/** Whether those who found it justified are reviewers enough, for each policy alone. */
export function isReviewed(state: OperationState, directory: Directory): boolean {
  const people = (state.review?.verdicts ?? []).filter((v) => v.verdict === 'justified').map((v) => ({ ...reviewerOf(v.by, directory), person: directory.personOf(v.by) }));
  return paths(state).every((e) => evaluatePolicy(e.reviewers, people).met);
}

export const verdictOf = (state: OperationState, person: PolicyPrincipal): 'justified' | 'not-justified' | undefined => state.review?.verdicts.find((v) => sameActor(v.by, person))?.verdict;

/** Reviewers are told by their tokens, and where there is one by the roster as well. */
const reviewerOf = (person: PolicyPrincipal, directory: Directory): PolicyPrincipal => ({ ...person, ...claimsNow({ tree: { type: 'none' }, requiredProof: 'signature' }, person, directory) });
