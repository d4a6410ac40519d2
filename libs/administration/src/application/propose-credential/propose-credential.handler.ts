import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { derivedId } from '#eventing/ids.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { WEBAUTHN_REGISTRATION } from '#identity/contract.js';
import type { CredentialKey, Principal, WebAuthnRegistration } from '#identity/contract.js';
import { challengeRefusal } from '../../domain/proposals/proposals.js';
import { Administration } from '../act/administration.js';
import { viewCredential } from '../credential-view.js';
import { PROPOSAL_EXECUTOR, proposalsOf } from '../proposal-kind.js';
import type { ProposalExecutor } from '../proposal-kind.js';
import { RELYING_PARTY } from '../ports/relying-party.port.js';
import type { RelyingPartyNow } from '../ports/relying-party.port.js';
import { challengeOf } from './challenge-of.js';
import { ProposeCredentialCommand } from './propose-credential.command.js';
import type { ProposedCredential, ProposedKey } from './propose-credential.command.js';

/** A browser's key comes with the challenge that it answers. */
interface AnsweredKey {
  readonly key: CredentialKey;
  readonly challenge?: string;
}

@CommandHandler(ProposeCredentialCommand)
export class ProposeCredentialHandler implements ICommandHandler<ProposeCredentialCommand> {
  constructor(
    private readonly administration: Administration,
    @Inject(PROPOSAL_EXECUTOR) private readonly proposals: ProposalExecutor,
    @Inject(WEBAUTHN_REGISTRATION) private readonly registration: WebAuthnRegistration,
    @Inject(RELYING_PARTY) private readonly relying: RelyingPartyNow,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
  ) {}

  async execute({ meta, caller, label, key: given }: ProposeCredentialCommand): Promise<ProposedCredential> {
    const { issuer, subject } = caller;
    const owner = { issuer, subject };
    const credentialId = derivedId('credential', meta.commandId);
    const { key, ...answered } = await this.keyOf(meta, caller, given);
    const body = { credentialId, owner, label, key };
    const outcome = await this.administration.act(meta, caller, { method: 'POST', path: '/v1/credentials', body, proof: null });
    if ('done' in outcome) throw new DomainError('CREDENTIAL_EXISTS', 'this credential was confirmed already');
    const { operationId } = outcome;
    // A crash before this leaves an operation whose credential is not listed until it is confirmed; the same command, sent again, mends it.
    const { folded } = await this.proposals.execute({ stream: proposalsOf(owner), meta, build: (now) => ({ type: 'propose', proposal: { ...body, ...answered, operationId }, now: now.closing }) });
    const { plane } = (await this.administration.fresh()).state;
    const createdAt = folded.state.proposed.find((one) => one.credentialId === credentialId)?.at ?? this.clock.now().closing;
    return { ...viewCredential(plane.credentials.get(credentialId) ?? { credentialId, owner, label, key, status: 'proposed', createdAt }), operationId };
  }

  private async keyOf(meta: CommandMeta, caller: Principal, given: ProposedKey): Promise<AnsweredKey> {
    if (given.type === 'jwk') return { key: given };
    const { state } = await this.proposals.states.fresh(proposalsOf(caller));
    const earlier = state.proposed.find((one) => one.credentialId === derivedId('credential', meta.commandId));
    if (earlier !== undefined) return { key: earlier.key };
    const challenge = challengeOf(given.response);
    if (challenge === undefined) throw new DomainError('PROOF_INVALID', 'the response is none of an authenticator');
    const refusal = challengeRefusal(state, challenge, this.clock.now().closing);
    if (refusal !== undefined) throw refusal;
    const verdict = await this.registration.verifyRegistration(given.response, challenge, this.relying());
    if ('fault' in verdict) throw new DomainError(verdict.fault.code, verdict.fault.detail);
    return { key: verdict.key, challenge };
  }
}
