import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import { setLocation, setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { policySourceOf } from '#platform/http/fields/policy.field.js';
import { PageQuery, pageOf, pageSchema } from '#platform/http/page.dto.js';
import { Asked, Caller, Filter, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { KeyId } from '#platform/http/parameters/path.decorator.js';
import { ACT_PROBLEMS, answerProposed, PROPOSED, ProposedActBody } from '#platform/http/proposed-act.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { KeyGovernance } from '../../application/govern-keys/key-governance.js';
import { GetKeyQuery } from '../../application/get-key/get-key.query.js';
import { ListKeysQuery } from '../../application/list-keys/list-keys.query.js';
import { RegisterKeyCommand } from '../../application/register-key/register-key.command.js';
import { CREATING_KEY, EXAMPLE_KEY, REGISTRATIONS } from './key.examples.js';
import { KeyBody, keyBody } from './key.schema.js';
import { RegisterKeyDto } from './register-key.dto.js';

@Controller()
export class KeysController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus, private readonly governance: KeyGovernance) {}

  @Endpoint({
    id: 'registerKey', method: 'POST', path: '/v1/keys', tag: 'Keys', summary: 'Register a key', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'The signer makes the pair in the HSM, sensitive and never extractable, or with `pkcs11` adopts one that is there. A key of purpose `root` signs in administration sessions alone.',
    body: bodyOf(RegisterKeyDto, REGISTRATIONS),
    answers: [
      { status: 201, description: 'The key is there', schema: ref(KeyBody), headers: ['ETag', 'Location'], examples: { made: EXAMPLE_KEY } },
      { status: 202, description: 'The signer is still at it, or from a quorum of two on it awaits other administrators: `Location` tells how it goes on', schema: { anyOf: [ref(KeyBody), ref(ProposedActBody)] }, headers: ['Location'], examples: { creating: CREATING_KEY, proposed: PROPOSED } },
    ],
    problems: [...ACT_PROBLEMS, 'KEY_EXISTS', 'ALGORITHM_UNSUPPORTED', 'PKCS11_KEY_NOT_FOUND', 'POLICY_UNSATISFIABLE', 'POLICY_NOT_FOUND', 'HSM_UNAVAILABLE'],
  })
  async register(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Input() body: RegisterKeyDto, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody | ProposedActBody> {
    const approvalPolicy = policySourceOf(body.approvalPolicy, '/approvalPolicy');
    const awaited = await this.governance.ask(meta, caller, { ...asked, proof });
    if (awaited !== undefined) return answerProposed(awaited, answer);
    const { keyId, purpose, algorithm, modulusBits = null, description = null, requesters, pkcs11 } = body;
    const view = await this.commands.execute(new RegisterKeyCommand(meta, {
      keyId, purpose, algorithm, modulusBits, description,
      approvalPolicy,
      requesters: requesters === undefined ? null : { group: requesters.group ?? null, role: requesters.role ?? null },
      adopt: pkcs11 === undefined ? null : { label: pkcs11.label ?? null, idHex: pkcs11.idHex?.toLowerCase() ?? null },
    }));
    if (view.status === 'creating') answer.code(202);
    setRevision(answer, view.revision);
    setLocation(answer, `/v1/keys/${view.keyId}`);
    return keyBody(view);
  }

  @Endpoint({
    id: 'listKeys', method: 'GET', path: '/v1/keys', tag: 'Keys', summary: 'List the keys', description: 'By keyId.', access: 'any-role', query: PageQuery,
    answers: [{ status: 200, description: 'A page of keys', schema: pageSchema(KeyBody), examples: { page: { items: [EXAMPLE_KEY], nextCursor: 'ZnctcHJvZA' } } }],
  })
  async list(@Filter() query: PageQuery): Promise<Page<KeyBody>> {
    const page = await this.queries.execute(new ListKeysQuery(pageOf(query)));
    return { ...page, items: page.items.map(keyBody) };
  }

  @Endpoint({
    id: 'getKey', method: 'GET', path: '/v1/keys/:keyId', tag: 'Keys', summary: 'Read a key', access: 'any-role',
    answers: [{ status: 200, description: 'The key', schema: ref(KeyBody), headers: ['ETag'], examples: { key: EXAMPLE_KEY } }],
    problems: ['KEY_NOT_FOUND'],
  })
  async read(@KeyId() keyId: string, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody> {
    const view = await this.queries.execute(new GetKeyQuery(keyId));
    setRevision(answer, view.revision);
    return keyBody(view);
  }
}
