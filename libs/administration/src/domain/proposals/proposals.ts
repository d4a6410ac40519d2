import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Decider } from '#kernel/decider.js';
import { DomainError } from '#kernel/domain-error.js';
import { exhaustive } from '#kernel/exhaustive.js';
import type { CredentialProposed, ProposalEvent } from './events.js';

export const CHALLENGE_LASTS_MS = 5 * 60_000;
/** As long as the operation that confirms it. */
export const PROPOSAL_LASTS_MS = 7 * 86_400_000;
const MAX_OPEN = 20;
const MAX_CHALLENGES = 10;

/** What one account has proposed lately. */
export interface ProposalState {
  readonly proposed: readonly CredentialProposed['data'][];
  readonly challenges: readonly { readonly challenge: string; readonly at: Instant }[];
}
export type ProposalCommand =
  | { readonly type: 'propose'; readonly proposal: Omit<CredentialProposed['data'], 'at'>; readonly now: Instant }
  | { readonly type: 'challenge'; readonly owner: Actor; readonly challenge: string; readonly now: Instant };

const initial: ProposalState = { proposed: [], challenges: [] };
const within = (at: Instant, ms: number, now: Instant): boolean => Date.parse(now) - Date.parse(at) < ms;

/** Those that may still be confirmed. */
export const openProposals = (state: ProposalState, now: Instant): readonly CredentialProposed['data'][] => state.proposed.filter((one) => within(one.at, PROPOSAL_LASTS_MS, now));

const used = (): DomainError => new DomainError('CHALLENGE_USED', 'a credential was proposed with the answer to this challenge before');
/** Why this challenge is not to be answered. */
export function challengeRefusal({ challenges, proposed }: ProposalState, challenge: string, now: Instant): DomainError | undefined {
  if (proposed.some((one) => one.challenge === challenge)) return used();
  const given = challenges.find((one) => one.challenge === challenge);
  if (given === undefined) return new DomainError('CHALLENGE_MISMATCH', 'the response is to no challenge that was given to you lately');
  return within(given.at, CHALLENGE_LASTS_MS, now) ? undefined : new DomainError('CHALLENGE_EXPIRED', 'the challenge is older than five minutes');
}

function decide(command: ProposalCommand, state: ProposalState): readonly ProposalEvent[] {
  switch (command.type) {
    case 'propose': {
      const open = openProposals(state, command.now);
      if (open.some((one) => one.credentialId === command.proposal.credentialId)) return [];
      const { challenge } = command.proposal;
      // Two who answer it at once are told apart here.
      if (challenge !== undefined && state.proposed.some((one) => one.challenge === challenge)) throw used();
      if (open.length >= MAX_OPEN) throw new DomainError('RATE_LIMITED', `${MAX_OPEN} credentials of yours wait for administrators`, { retryAfterSeconds: 3_600 });
      return [{ type: 'administration.credential-proposed.v1', data: { ...command.proposal, at: command.now } }];
    }
    case 'challenge':
      return [{ type: 'administration.registration-challenged.v1', data: { owner: command.owner, challenge: command.challenge, at: command.now } }];
    default:
      return exhaustive(command);
  }
}

function evolve(state: ProposalState, event: ProposalEvent): ProposalState {
  switch (event.type) {
    case 'administration.credential-proposed.v1':
      return { ...state, proposed: [...state.proposed.filter((one) => within(one.at, PROPOSAL_LASTS_MS, event.data.at)), event.data] };
    case 'administration.registration-challenged.v1':
      return { ...state, challenges: [...state.challenges, { challenge: event.data.challenge, at: event.data.at }].slice(-MAX_CHALLENGES) };
    default:
      return exhaustive(event);
  }
}

export const proposalDecider: Decider<ProposalCommand, ProposalEvent, ProposalState> = { initialState: initial, decide, evolve };
