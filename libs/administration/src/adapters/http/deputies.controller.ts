import { Controller, Inject, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { sameActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Principal } from '#identity/contract.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { PageQuery, pageSchema } from '#platform/http/page.dto.js';
import { Asked, Caller, Filter, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { PathPart } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ACT_PROBLEMS } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ReadControlPlaneQuery } from '../../application/read-control-plane/read-control-plane.query.js';
import { seesAdministration } from '../../application/sees-administration.js';
import type { DeputyState } from '../../domain/control-plane/state.js';
import { actBody } from './act-body.js';
import { ACCOUNT_EXAMPLE, NAME_DEPUTY } from './administration.requests.js';
import { answerAct } from './answer-act.js';
import { deputyBody, DeputyBody, EXAMPLE_DEPUTY } from './deputy.schema.js';
import { pageOfItems } from './page-of-items.js';

const REQUEST = { deputy: ACCOUNT_EXAMPLE, groups: EXAMPLE_DEPUTY.groups, from: EXAMPLE_DEPUTY.from, until: EXAMPLE_DEPUTY.until, reason: EXAMPLE_DEPUTY.reason };

@Controller()
export class DeputiesController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus, @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock) {}

  @Endpoint({
    id: 'listDeputies', method: 'GET', path: '/v1/deputies', tag: 'People', summary: 'List deputies', access: 'any-role', query: PageQuery,
    description: 'Newest first: those that the caller named and those in whose name he may approve; of administrators and auditors everybody’s.',
    answers: [{ status: 200, description: 'A page of deputies', schema: pageSchema(DeputyBody), examples: { page: { items: [EXAMPLE_DEPUTY] } } }],
  })
  async list(@Caller() caller: Principal, @Filter() query: PageQuery): Promise<Page<DeputyBody>> {
    const { deputies } = (await this.queries.execute(new ReadControlPlaneQuery())).state.plane;
    const isHis = (one: DeputyState): boolean => seesAdministration(caller) || sameActor(one.principal, caller) || sameActor(one.deputy, caller);
    const now = this.now();
    return pageOfItems([...deputies.values()].filter(isHis).reverse().map((one) => deputyBody(one, now)), query, (one) => one.deputyId);
  }

  @Endpoint({
    id: 'nameDeputy', method: 'POST', path: '/v1/deputies', tag: 'People', summary: 'Name a deputy of one’s own', access: 'any-role', headers: ['Countersign-Proof'],
    description: 'For some of one’s groups and for a time. Nobody approves what he asked for through a deputy.',
    body: actBody('POST', '/v1/deputies', NAME_DEPUTY, { leave: REQUEST }),
    answers: [{ status: 201, description: 'The deputy', schema: ref(DeputyBody), headers: ['ETag'], examples: { named: EXAMPLE_DEPUTY } }],
    problems: [...ACT_PROBLEMS],
  })
  async name(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<DeputyBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    // The state is the one right after the act, whose deputy came last.
    return answerAct(outcome, answer, ({ deputies }) => this.view([...deputies.values()].at(-1)));
  }

  @Endpoint({
    id: 'withdrawDeputy', method: 'DELETE', path: '/v1/deputies/:deputyId', tag: 'People', summary: 'Withdraw a deputy', access: 'any-role', headers: ['Countersign-Proof'],
    description: 'Who named him, or an administrator; at once. Again: unchanged.',
    answers: [{ status: 200, description: 'The deputy', schema: ref(DeputyBody), headers: ['ETag'], examples: { withdrawn: { ...EXAMPLE_DEPUTY, status: 'withdrawn' } } }],
    problems: [...ACT_PROBLEMS, 'NOT_FOUND'],
  })
  async withdraw(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('deputyId') deputyId: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<DeputyBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ deputies }) => this.view(deputies.get(deputyId)));
  }

  private now = (): string => this.clock.now().closing;
  private view(deputy: DeputyState | undefined): DeputyBody {
    if (deputy === undefined) throw new DomainError('NOT_FOUND', 'there is no such deputy');
    return deputyBody(deputy, this.now());
  }
}
