import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Credential } from '#identity/contract.js';
import { openProposals } from '../../domain/proposals/proposals.js';
import { Administration } from '../act/administration.js';
import { viewCredential } from '../credential-view.js';
import type { CredentialView } from '../credential-view.js';
import { seesAdministration } from '../sees-administration.js';
import { PROPOSAL_EXECUTOR, proposalsOf } from '../proposal-kind.js';
import type { ProposalExecutor } from '../proposal-kind.js';
import { ListCredentialsQuery } from './list-credentials.query.js';

@QueryHandler(ListCredentialsQuery)
export class ListCredentialsHandler implements IQueryHandler<ListCredentialsQuery> {
  constructor(private readonly administration: Administration, @Inject(PROPOSAL_EXECUTOR) private readonly proposals: ProposalExecutor, @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock) {}

  async execute({ caller, owner }: ListCredentialsQuery): Promise<readonly CredentialView[]> {
    const whole = seesAdministration(caller);
    const whose = owner ?? (whole ? null : caller);
    if (whose !== null && !whole && !sameActor(whose, caller)) throw new DomainError('ROLE_REQUIRED', 'the credentials of others are for administrators and auditors');
    const { plane } = (await this.administration.fresh()).state;
    const confirmed = [...plane.credentials.values()].filter((one) => whose === null || sameActor(one.owner, whose));
    const proposed = whose === null ? [] : (await this.proposed(whose)).filter(({ credentialId, operationId }) => !plane.credentials.has(credentialId) && !plane.operations.has(operationId));
    const all: readonly Credential[] = [...confirmed, ...proposed.map(({ at, ...one }) => ({ ...one, status: 'proposed' as const, createdAt: at }))];
    return all.map(viewCredential).sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  }

  private async proposed(owner: Actor) {
    return openProposals((await this.proposals.states.fresh(proposalsOf(owner))).state, this.clock.now().closing);
  }
}
