import type { CommandExecutor } from '#eventing/command-executor.js';
import { eventCodec } from '#eventing/event-codec.js';
import { derivedId } from '#eventing/ids.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { Actor } from '#kernel/actor.js';
import type { ProposalEvent } from '../domain/proposals/events.js';
import { proposalDecider } from '../domain/proposals/proposals.js';
import type { ProposalCommand, ProposalState } from '../domain/proposals/proposals.js';
import { proposalStream } from '../streams.js';

export const proposalKind: StreamKind<ProposalEvent, ProposalState> = {
  initialState: proposalDecider.initialState,
  evolve: (state, event) => proposalDecider.evolve(state, event),
  decode: eventCodec<ProposalEvent>(['administration.credential-proposed.v1', 'administration.registration-challenged.v1']),
  remembers: (event) => event.type === 'administration.credential-proposed.v1',
  snapshotVersion: 'proposals/1',
  toJson: (state) => state,
  fromJson: (json: ProposalState): ProposalState => json,
};

export const proposalsOf = ({ issuer, subject }: Actor): string => proposalStream(derivedId('credential-proposals', issuer, subject));

export type ProposalExecutor = CommandExecutor<ProposalCommand, ProposalEvent, ProposalState>;
/** Injection token of the process's ProposalExecutor. */
export const PROPOSAL_EXECUTOR = Symbol('ProposalExecutor');
