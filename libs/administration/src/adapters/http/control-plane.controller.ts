import { Controller, Inject, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { DEPLOYMENT } from '#eventing/deployment.js';
import type { Principal } from '#identity/contract.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { Asked, Caller, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ACT_PROBLEMS } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ReadControlPlaneQuery } from '../../application/read-control-plane/read-control-plane.query.js';
import { ADMINISTRATION_SETTINGS } from '../../application/settings.js';
import type { AdministrationSettings } from '../../application/settings.js';
import { actBody } from './act-body.js';
import { SET_ISSUERS, SET_QUORUM } from './administration.requests.js';
import { actAnswers, answerAct, QUORUM_PROBLEMS, revisionOf } from './answer-act.js';
import { ControlPlaneBody, EXAMPLE_CONTROL_PLANE, EXAMPLE_ISSUERS, IssuersBody, issuersBody, QuorumBody } from './control-plane.schema.js';

const { issuers: EXAMPLES } = EXAMPLE_ISSUERS;

@Controller()
export class ControlPlaneController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(DEPLOYMENT) private readonly deployment: string,
    @Inject(ADMINISTRATION_SETTINGS) private readonly settings: AdministrationSettings,
  ) {}

  @Endpoint({
    id: 'getControlPlane', method: 'GET', path: '/v1/control-plane', tag: 'Administration', summary: 'Read the head of the control plane', access: 'any-role',
    description: 'What `Countersign-Proof` names as `previous`.',
    answers: [{ status: 200, description: 'Where the chain stands', schema: ref(ControlPlaneBody), headers: ['ETag'], examples: { head: EXAMPLE_CONTROL_PLANE } }],
  })
  async read(@Res({ passthrough: true }) answer: Answer): Promise<ControlPlaneBody> {
    const folded = await this.queries.execute(new ReadControlPlaneQuery());
    const { plane, head } = folded.state;
    const revision = revisionOf(folded);
    setRevision(answer, revision);
    return { deployment: this.deployment, head, revision, genesis: plane.genesis?.digest ?? null, quorum: plane.quorum ?? this.settings.quorum };
  }

  @Endpoint({
    id: 'setQuorum', method: 'PUT', path: '/v1/quorum', tag: 'Administration', summary: 'Set how many administrators a change needs', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'Where a genesis was laid; else the configuration says it.',
    body: actBody('PUT', '/v1/quorum', SET_QUORUM, { three: { quorum: 3 } }),
    answers: actAnswers(200, 'The quorum', ref(QuorumBody), { three: { quorum: 3 } }),
    problems: [...ACT_PROBLEMS, ...QUORUM_PROBLEMS, 'GENESIS_REQUIRED'],
  })
  async setQuorum(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<QuorumBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ quorum }) => ({ quorum: quorum ?? this.settings.quorum }));
  }

  @Endpoint({
    id: 'getIssuers', method: 'GET', path: '/v1/issuers', tag: 'Administration', summary: 'Read the trusted issuers', access: 'auditor-or-administrator',
    answers: [{ status: 200, description: 'The issuers', schema: ref(IssuersBody), headers: ['ETag'], examples: { issuers: EXAMPLE_ISSUERS } }],
  })
  async issuers(@Res({ passthrough: true }) answer: Answer): Promise<IssuersBody> {
    const folded = await this.queries.execute(new ReadControlPlaneQuery());
    setRevision(answer, revisionOf(folded));
    return issuersBody(folded.state.plane.issuers ?? this.settings.issuers);
  }

  @Endpoint({
    id: 'setIssuers', method: 'PUT', path: '/v1/issuers', tag: 'Administration', summary: 'Set the trusted issuers', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'Where a genesis was laid; else the configuration says them.',
    body: actBody('PUT', '/v1/issuers', SET_ISSUERS, { one: { issuers: EXAMPLES } }),
    answers: actAnswers(200, 'The issuers', ref(IssuersBody), { issuers: EXAMPLE_ISSUERS }),
    problems: [...ACT_PROBLEMS, 'GENESIS_REQUIRED'],
  })
  async setIssuers(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<IssuersBody | ProposedActBody> {
    const outcome = await this.commands.execute(new PerformActCommand(meta, caller, { ...asked, proof }));
    return answerAct(outcome, answer, ({ issuers }) => issuersBody(issuers ?? this.settings.issuers));
  }
}
