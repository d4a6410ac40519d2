import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { Asked, Caller, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { PathPart } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ACT_PROBLEMS } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { PerformActCommand } from '../../application/perform-act/perform-act.command.js';
import { ReadControlPlaneQuery } from '../../application/read-control-plane/read-control-plane.query.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { actBody } from './act-body.js';
import { SET_PERSON, SET_ROSTER, SET_SEPARATION } from './administration.requests.js';
import { actAnswers, answerAct, QUORUM_PROBLEMS, revisionOf } from './answer-act.js';
import { EXAMPLE_PERSON, EXAMPLE_ROSTER, EXAMPLE_SEPARATION, personBody, PersonLinksBody, rosterBody, RosterBody, separationBody, SeparationBody } from './people-links.schema.js';

const { members } = EXAMPLE_ROSTER;
const { accounts, owns } = EXAMPLE_PERSON;

@Controller()
export class PeopleController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'getRoster', method: 'GET', path: '/v1/roster/:group', tag: 'People', summary: 'Read who is in a group', access: 'auditor-or-administrator',
    description: 'A group that nobody spoke of has no members. Where a genesis was laid, `administrators` are the administrators.',
    answers: [{ status: 200, description: 'The roster', schema: ref(RosterBody), headers: ['ETag'], examples: { roster: EXAMPLE_ROSTER } }],
  })
  roster(@PathPart('group') group: string, @Res({ passthrough: true }) answer: Answer): Promise<RosterBody> {
    return this.read(answer, (state) => rosterBody(group, state));
  }

  @Endpoint({
    id: 'setRoster', method: 'PUT', path: '/v1/roster/:group', tag: 'People', summary: 'Set who is in a group', access: 'administrator', headers: ['Countersign-Proof'],
    body: actBody('PUT', '/v1/roster/g', SET_ROSTER, { one: { members } }),
    answers: actAnswers(200, 'The roster', ref(RosterBody), { roster: EXAMPLE_ROSTER }),
    problems: [...ACT_PROBLEMS, ...QUORUM_PROBLEMS, 'NOT_FOUND'],
  })
  setRoster(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('group') group: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<RosterBody | ProposedActBody> {
    return this.act(new PerformActCommand(meta, caller, { ...asked, proof }), answer, (state) => rosterBody(group, state));
  }

  @Endpoint({
    id: 'getPerson', method: 'GET', path: '/v1/people/:personId', tag: 'People', summary: 'Read which accounts are one human', access: 'auditor-or-administrator',
    answers: [{ status: 200, description: 'The person', schema: ref(PersonLinksBody), headers: ['ETag'], examples: { person: EXAMPLE_PERSON } }],
    problems: ['NOT_FOUND'],
  })
  person(@PathPart('personId') personId: string, @Res({ passthrough: true }) answer: Answer): Promise<PersonLinksBody> {
    return this.read(answer, (state) => personBody(personId, state));
  }

  @Endpoint({
    id: 'setPerson', method: 'PUT', path: '/v1/people/:personId', tag: 'People', summary: 'Say which accounts are one human', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'To suspend is at once: no approval of a suspended person counts at use.',
    body: actBody('PUT', '/v1/people/p', SET_PERSON, { linked: { accounts, owns, status: 'active' }, suspended: { status: 'suspended' } }),
    answers: actAnswers(200, 'The person', ref(PersonLinksBody), { person: EXAMPLE_PERSON }),
    problems: [...ACT_PROBLEMS, ...QUORUM_PROBLEMS, 'NOT_FOUND', 'ACCOUNT_TAKEN'],
  })
  setPerson(@Meta() meta: CommandMeta, @Caller() caller: Principal, @PathPart('personId') personId: string, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<PersonLinksBody | ProposedActBody> {
    return this.act(new PerformActCommand(meta, caller, { ...asked, proof }), answer, (state) => personBody(personId, state));
  }

  @Endpoint({
    id: 'getSeparation', method: 'GET', path: '/v1/separation', tag: 'People', summary: 'Read the separation of duties', access: 'auditor-or-administrator',
    answers: [{ status: 200, description: 'The separation', schema: ref(SeparationBody), headers: ['ETag'], examples: { separation: EXAMPLE_SEPARATION } }],
  })
  separation(@Res({ passthrough: true }) answer: Answer): Promise<SeparationBody> {
    return this.read(answer, separationBody);
  }

  @Endpoint({
    id: 'setSeparation', method: 'PUT', path: '/v1/separation', tag: 'People', summary: 'Set the separation of duties', access: 'administrator', headers: ['Countersign-Proof'],
    body: actBody('PUT', '/v1/separation', SET_SEPARATION, { separation: EXAMPLE_SEPARATION }),
    answers: actAnswers(200, 'The separation', ref(SeparationBody), { separation: EXAMPLE_SEPARATION }),
    problems: ACT_PROBLEMS,
  })
  setSeparation(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<SeparationBody | ProposedActBody> {
    return this.act(new PerformActCommand(meta, caller, { ...asked, proof }), answer, separationBody);
  }

  private async read<T>(answer: Answer, view: (state: ControlPlaneState) => T): Promise<T> {
    const folded = await this.queries.execute(new ReadControlPlaneQuery());
    const viewed = view(folded.state.plane);
    setRevision(answer, revisionOf(folded));
    return viewed;
  }
  private async act<T>(command: PerformActCommand, answer: Answer, view: (state: ControlPlaneState) => T): Promise<T | ProposedActBody> {
    return answerAct(await this.commands.execute(command), answer, view);
  }
}
