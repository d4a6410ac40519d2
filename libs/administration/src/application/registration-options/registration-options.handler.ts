import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { sameActor } from '#kernel/actor.js';
import { WEBAUTHN_REGISTRATION } from '#identity/contract.js';
import type { CreationOptions, WebAuthnRegistration } from '#identity/contract.js';
import { Administration } from '../act/administration.js';
import { RELYING_PARTY } from '../ports/relying-party.port.js';
import type { RelyingPartyNow } from '../ports/relying-party.port.js';
import { PROPOSAL_EXECUTOR, proposalsOf } from '../proposal-kind.js';
import type { ProposalExecutor } from '../proposal-kind.js';
import { RegistrationOptionsCommand } from './registration-options.command.js';

@CommandHandler(RegistrationOptionsCommand)
export class RegistrationOptionsHandler implements ICommandHandler<RegistrationOptionsCommand> {
  constructor(
    private readonly administration: Administration,
    @Inject(PROPOSAL_EXECUTOR) private readonly proposals: ProposalExecutor,
    @Inject(WEBAUTHN_REGISTRATION) private readonly registration: WebAuthnRegistration,
    @Inject(RELYING_PARTY) private readonly relying: RelyingPartyNow,
  ) {}

  async execute({ meta, caller }: RegistrationOptionsCommand): Promise<CreationOptions> {
    const { issuer, subject, name } = caller;
    const owner = { issuer, subject };
    const { plane } = (await this.administration.fresh()).state;
    const known = [...plane.credentials.values()].flatMap((one) => (one.key.type === 'webauthn' && sameActor(one.owner, owner) && one.status !== 'revoked' ? [one.key] : []));
    const options = await this.registration.creationOptions(owner, name ?? subject, this.relying(), known);
    await this.proposals.execute({ stream: proposalsOf(owner), meta, build: (now) => ({ type: 'challenge', owner, challenge: options.challenge, now: now.closing }) });
    return options;
  }
}
