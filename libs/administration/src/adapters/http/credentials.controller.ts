import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { publicJwkOf } from '#identity/contract.js';
import type { CreationOptions, Principal } from '#identity/contract.js';
import { setLocation } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { pageSchema } from '#platform/http/page.dto.js';
import { Asked, Caller, Filter, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { PathPart } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ACT_PROBLEMS } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { viewCredential } from '../../application/credential-view.js';
import { ListCredentialsQuery } from '../../application/list-credentials/list-credentials.query.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ProposeCredentialCommand } from '../../application/propose-credential/propose-credential.command.js';
import type { ProposedKey } from '../../application/propose-credential/propose-credential.command.js';
import { RegistrationOptionsCommand } from '../../application/registration-options/registration-options.command.js';
import { actBody } from './act-body.js';
import { REASON } from './administration.requests.js';
import { actAnswers, answerAct, QUORUM_PROBLEMS } from './answer-act.js';
import { CREATION_OPTIONS, CREDENTIAL_REQUESTS, CredentialBody, CredentialDto, CredentialsQuery, EXAMPLE_CREDENTIAL, EXAMPLE_OPTIONS, EXAMPLE_PROPOSAL, ProposedCredentialBody } from './credential.schema.js';
import { pageOfItems } from './page-of-items.js';

const LOST = { lost: { reason: 'The laptop was lost' } };
const reasonFor = (call: 'suspend' | 'resume' | 'revoke') => actBody('POST', `/v1/credentials/c/${call}`, REASON, LOST);

@Controller()
export class CredentialsController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'proposeCredential', method: 'POST', path: '/v1/credentials', tag: 'Credentials', summary: 'Propose a credential of one’s own', access: 'any-role',
    description: 'It counts from when administrators have confirmed it, as many as the quorum, other than its owner.',
    body: bodyOf(CredentialDto, CREDENTIAL_REQUESTS),
    answers: [{ status: 202, description: 'It awaits administrators: `Location` is the operation', schema: ref(ProposedCredentialBody), headers: ['Location'], examples: { proposed: EXAMPLE_PROPOSAL } }],
    problems: ['CREDENTIAL_EXISTS', 'PROOF_INVALID', 'CHALLENGE_MISMATCH', 'CHALLENGE_EXPIRED', 'CHALLENGE_USED', 'NOT_ELIGIBLE'],
  })
  async propose(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Input() body: CredentialDto, @Res({ passthrough: true }) answer: Answer): Promise<ProposedCredentialBody> {
    const proposed = await this.commands.execute(new ProposeCredentialCommand(meta, caller, body.label, keyOf(body)));
    setLocation(answer, `/v1/operations/${proposed.operationId}`);
    return proposed;
  }

  @Endpoint({
    id: 'registrationOptions', method: 'POST', path: '/v1/credentials/webauthn/options', tag: 'Credentials', summary: 'Get what a browser makes a passkey with', access: 'any-role',
    description: 'Its answer is to be proposed within 5 minutes, once.',
    answers: [{ status: 200, description: 'Creation options', schema: CREATION_OPTIONS, examples: { options: EXAMPLE_OPTIONS } }],
  })
  options(@Meta() meta: CommandMeta, @Caller() caller: Principal): Promise<CreationOptions> {
    return this.commands.execute(new RegistrationOptionsCommand(meta, caller));
  }

  @Endpoint({
    id: 'listCredentials', method: 'GET', path: '/v1/credentials', tag: 'Credentials', summary: 'List credentials', description: 'Oldest first. Those of others: administrators and auditors.', access: 'any-role', query: CredentialsQuery,
    answers: [{ status: 200, description: 'A page of credentials', schema: pageSchema(CredentialBody), examples: { page: { items: [EXAMPLE_CREDENTIAL] } } }],
  })
  async list(@Caller() caller: Principal, @Filter() query: CredentialsQuery): Promise<Page<CredentialBody>> {
    const [issuer = '', ...subject] = query.owner?.split('#') ?? [];
    const owner = query.owner === undefined ? null : { issuer, subject: subject.join('#') };
    return pageOfItems(await this.queries.execute(new ListCredentialsQuery(caller, owner)), query, (one) => one.credentialId);
  }

  @Endpoint({
    id: 'suspendCredential', method: 'POST', path: '/v1/credentials/:credentialId/suspend', tag: 'Credentials', summary: 'Suspend a credential', access: 'any-role', headers: ['Countersign-Proof'],
    description: 'Its owner, or an administrator; at once. Approvals made with it don’t count at use from then on. Again: unchanged.', body: reasonFor('suspend'),
    answers: [{ status: 200, description: 'The credential', schema: ref(CredentialBody), headers: ['ETag'], examples: { suspended: { ...EXAMPLE_CREDENTIAL, status: 'suspended' } } }],
    problems: [...ACT_PROBLEMS, ...QUORUM_PROBLEMS, 'NOT_FOUND'],
  })
  suspend(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('credentialId') id: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<CredentialBody | ProposedActBody> {
    return this.change(new PerformActCommand(meta, caller, { ...asked, proof }), id, answer);
  }

  @Endpoint({
    id: 'revokeCredential', method: 'POST', path: '/v1/credentials/:credentialId/revoke', tag: 'Credentials', summary: 'Revoke a credential, for ever', access: 'any-role', headers: ['Countersign-Proof'],
    description: 'Its owner, or an administrator; at once. Again: unchanged.', body: reasonFor('revoke'),
    answers: [{ status: 200, description: 'The credential', schema: ref(CredentialBody), headers: ['ETag'], examples: { revoked: { ...EXAMPLE_CREDENTIAL, status: 'revoked' } } }],
    problems: [...ACT_PROBLEMS, ...QUORUM_PROBLEMS, 'NOT_FOUND'],
  })
  revoke(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('credentialId') id: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<CredentialBody | ProposedActBody> {
    return this.change(new PerformActCommand(meta, caller, { ...asked, proof }), id, answer);
  }

  @Endpoint({
    id: 'resumeCredential', method: 'POST', path: '/v1/credentials/:credentialId/resume', tag: 'Credentials', summary: 'Let a suspended credential count again', access: 'administrator', headers: ['Countersign-Proof'],
    body: reasonFor('resume'),
    answers: actAnswers(200, 'The credential', ref(CredentialBody), { resumed: EXAMPLE_CREDENTIAL }),
    problems: [...ACT_PROBLEMS, 'NOT_FOUND'],
  })
  resume(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('credentialId') id: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<CredentialBody | ProposedActBody> {
    return this.change(new PerformActCommand(meta, caller, { ...asked, proof }), id, answer);
  }

  private async change(command: PerformActCommand, credentialId: string, answer: Answer): Promise<CredentialBody | ProposedActBody> {
    return answerAct(await this.commands.execute(command), answer, ({ credentials }) => {
      const credential = credentials.get(credentialId);
      if (credential === undefined) throw new DomainError('NOT_FOUND', 'there is no such credential');
      return viewCredential(credential);
    });
  }
}

function keyOf({ type, publicJwk, response }: CredentialDto): ProposedKey {
  if (type === 'webauthn') return { type, response };
  const read = publicJwkOf(publicJwk, '/publicJwk');
  if ('faults' in read) throw invalid(...read.faults);
  return { type, publicJwk: read.publicJwk };
}
