import { Controller, Inject, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
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
import { ACT_PROBLEMS, proposedAnswer } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ReadControlPlaneQuery } from '../../application/read-control-plane/read-control-plane.query.js';
import { actBody } from './act-body.js';
import { OPEN_SESSION } from './administration.requests.js';
import { answerAct } from './answer-act.js';
import { pageOfItems } from './page-of-items.js';
import { EXAMPLE_SESSION, SESSION_REQUEST, sessionBody, SessionBody } from './session.schema.js';

@Controller()
export class SessionsController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus, @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock) {}

  @Endpoint({
    id: 'openAdministrationSession', method: 'POST', path: '/v1/administration-sessions', tag: 'Administration', summary: 'Ask for an administration session', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'Other administrators approve it; it is open from then on, for its opener, and has the operation’s id.',
    body: actBody('POST', '/v1/administration-sessions', OPEN_SESSION, { keys: SESSION_REQUEST }),
    answers: [proposedAnswer],
    problems: [...ACT_PROBLEMS, 'KEY_UNKNOWN'],
  })
  async open(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<SessionBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ sessions }) => this.view([...sessions.values()].at(-1)?.sessionId ?? '', sessions));
  }

  @Endpoint({
    id: 'listAdministrationSessions', method: 'GET', path: '/v1/administration-sessions', tag: 'Administration', summary: 'List administration sessions', description: 'Newest first.', access: 'auditor-or-administrator', query: PageQuery,
    answers: [{ status: 200, description: 'A page of sessions', schema: pageSchema(SessionBody), examples: { page: { items: [EXAMPLE_SESSION] } } }],
  })
  async list(@Filter() query: PageQuery): Promise<Page<SessionBody>> {
    const { sessions } = (await this.queries.execute(new ReadControlPlaneQuery())).state.plane;
    const now = this.clock.now().closing;
    return pageOfItems([...sessions.values()].reverse().map((one) => sessionBody(one, now)), query, (one) => one.sessionId);
  }

  @Endpoint({
    id: 'closeAdministrationSession', method: 'POST', path: '/v1/administration-sessions/:sessionId/close', tag: 'Administration', summary: 'Close an administration session', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'Any administrator; at once. Again, and when it is over: unchanged.',
    answers: [{ status: 200, description: 'The session', schema: ref(SessionBody), headers: ['ETag'], examples: { closed: { ...EXAMPLE_SESSION, state: 'closed' } } }],
    problems: [...ACT_PROBLEMS, 'NOT_FOUND'],
  })
  async close(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('sessionId') sessionId: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<SessionBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ sessions }) => this.view(sessionId, sessions));
  }

  private view(sessionId: string, sessions: ReadonlyMap<string, Parameters<typeof sessionBody>[0]>): SessionBody {
    const session = sessions.get(sessionId);
    if (session === undefined) throw new DomainError('NOT_FOUND', 'there is no such administration session');
    return sessionBody(session, this.clock.now().closing);
  }
}
