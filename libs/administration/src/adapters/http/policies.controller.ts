import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Principal } from '#identity/contract.js';
import { LEVELS } from '#policies/contract.js';
import type { Level } from '#policies/contract.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { PageQuery, pageSchema } from '#platform/http/page.dto.js';
import { Asked, Caller, Filter, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { PathPart } from '#platform/http/parameters/path.decorator.js';
import { listOf, ref } from '#platform/http/schema/json-schema.js';
import { ACT_PROBLEMS } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ReadControlPlaneQuery } from '../../application/read-control-plane/read-control-plane.query.js';
import type { PublishedPolicy } from '../../domain/control-plane/state.js';
import { actBody } from './act-body.js';
import { PUBLISH_POLICY, SET_LEVEL } from './administration.requests.js';
import { actAnswers, answerAct, revisionOf } from './answer-act.js';
import { pageOfItems } from './page-of-items.js';
import { AssuranceLevelBody, EXAMPLE_LEVEL, EXAMPLE_VERSION, levelBody, PolicyVersionBody, policyVersionBody } from './policy-version.schema.js';

const TWO = { type: 'approvers', count: 2, group: 'firmware-approvers' };

@Controller()
export class PoliciesController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'publishPolicy', method: 'POST', path: '/v1/policies', tag: 'Policies', summary: 'Publish a policy', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'A name that is there gets its next version; operations that were requested keep the one of their time. The policy in force again: unchanged.',
    body: actBody('POST', '/v1/policies', PUBLISH_POLICY, { 'two of a group': { name: 'two-of-firmware', policy: TWO } }),
    answers: actAnswers(201, 'The version', ref(PolicyVersionBody), { first: EXAMPLE_VERSION }, { headers: ['ETag', 'Location'] }),
    problems: [...ACT_PROBLEMS, 'POLICY_UNSATISFIABLE'],
  })
  async publish(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<PolicyVersionBody | ProposedActBody> {
    const { name } = asked.body as { readonly name: string };
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ policies }) => policyVersionBody(name, present(policies.get(name)?.at(-1), name)), ({ version }) => `/v1/policies/${name}/versions/${version}`);
  }

  @Endpoint({
    id: 'listPolicies', method: 'GET', path: '/v1/policies', tag: 'Policies', summary: 'List the policies', description: 'By name, each in its newest version.', access: 'any-role', query: PageQuery,
    answers: [{ status: 200, description: 'A page of policies', schema: pageSchema(PolicyVersionBody), examples: { page: { items: [EXAMPLE_VERSION] } } }],
  })
  async list(@Filter() query: PageQuery): Promise<Page<PolicyVersionBody>> {
    const { policies } = (await this.queries.execute(new ReadControlPlaneQuery())).state.plane;
    const newest = [...policies].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, versions]) => versions.slice(-1).map((one) => policyVersionBody(name, one)));
    return pageOfItems(newest, query, (one) => one.name);
  }

  @Endpoint({
    id: 'getPolicy', method: 'GET', path: '/v1/policies/:name', tag: 'Policies', summary: 'Read a policy', description: 'Its newest version.', access: 'any-role',
    answers: [{ status: 200, description: 'The policy', schema: ref(PolicyVersionBody), headers: ['ETag'], examples: { policy: EXAMPLE_VERSION } }],
    problems: ['POLICY_NOT_FOUND'],
  })
  read(@PathPart('name') name: string, @Res({ passthrough: true }) answer: Answer): Promise<PolicyVersionBody> {
    return this.version(name, answer, (versions) => versions.at(-1));
  }

  @Endpoint({
    id: 'getPolicyVersion', method: 'GET', path: '/v1/policies/:name/versions/:version', tag: 'Policies', summary: 'Read a version of a policy', access: 'any-role',
    answers: [{ status: 200, description: 'The version', schema: ref(PolicyVersionBody), headers: ['ETag'], examples: { version: EXAMPLE_VERSION } }],
    problems: ['POLICY_NOT_FOUND'],
  })
  readVersion(@PathPart('name') name: string, @PathPart('version') version: string, @Res({ passthrough: true }) answer: Answer): Promise<PolicyVersionBody> {
    return this.version(name, answer, (versions) => (/^[1-9]\d{0,8}$/.test(version) ? versions[Number(version) - 1] : undefined));
  }

  @Endpoint({
    id: 'listAssuranceLevels', method: 'GET', path: '/v1/assurance-levels', tag: 'Policies', summary: 'Read what the levels demand', description: 'L0 < L1 < L2 < L3.', access: 'any-role',
    answers: [{ status: 200, description: 'The four levels', schema: { type: 'object', properties: { items: listOf(ref(AssuranceLevelBody)) }, required: ['items'] }, headers: ['ETag'], examples: { levels: { items: [EXAMPLE_LEVEL] } } }],
  })
  async levels(@Res({ passthrough: true }) answer: Answer): Promise<{ readonly items: readonly AssuranceLevelBody[] }> {
    const folded = await this.queries.execute(new ReadControlPlaneQuery());
    setRevision(answer, revisionOf(folded));
    return { items: LEVELS.map((level) => levelBody(level, folded.state.plane)) };
  }

  @Endpoint({
    id: 'setAssuranceLevel', method: 'PUT', path: '/v1/assurance-levels/:level', tag: 'Policies', summary: 'Set what a level demands', access: 'administrator', headers: ['Countersign-Proof'],
    body: actBody('PUT', '/v1/assurance-levels/L0', SET_LEVEL, { 'two of a group': { policy: TWO } }),
    answers: actAnswers(200, 'The level', ref(AssuranceLevelBody), { level: { ...EXAMPLE_LEVEL, set: true } }),
    problems: [...ACT_PROBLEMS, 'NOT_FOUND', 'POLICY_UNSATISFIABLE'],
  })
  async setLevel(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('level') level: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<AssuranceLevelBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, (state) => levelBody(level as Level, state));
  }

  private async version(name: string, answer: Answer, pick: (versions: readonly PublishedPolicy[]) => PublishedPolicy | undefined): Promise<PolicyVersionBody> {
    const folded = await this.queries.execute(new ReadControlPlaneQuery());
    const found = present(pick(folded.state.plane.policies.get(name) ?? []), name);
    setRevision(answer, revisionOf(folded));
    return policyVersionBody(name, found);
  }
}

function present(found: PublishedPolicy | undefined, name: string): PublishedPolicy {
  if (found === undefined) throw new DomainError('POLICY_NOT_FOUND', `there is no such policy or version: ${name}`);
  return found;
}
