import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { instantOf } from '#platform/http/instant.js';
import { PageQuery, pageOf, pageSchema } from '#platform/http/page.dto.js';
import { Caller, Filter } from '#platform/http/parameters/caller.decorator.js';
import { OperationId } from '#platform/http/parameters/path.decorator.js';
import { AuditTrailQuery } from '../../application/audit-trail/audit-trail.query.js';
import { OperationTrailQuery } from '../../application/operation-trail/operation-trail.query.js';
import type { TrailItem } from '../../application/trail-item.js';
import { AuditDto } from './trail.dto.js';
import { EXAMPLE_EVENT, TrailItemBody } from './trail.schema.js';

@Controller()
export class TrailsController {
  constructor(private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'operationEvents', method: 'GET', path: '/v1/operations/:operationId/events', tag: 'Audit', summary: 'An operation’s audit trail', access: 'any-role', query: PageQuery,
    description: 'Its sign orders’ events too, oldest first. As for the operation.',
    answers: [{ status: 200, description: 'A page of events', schema: pageSchema(TrailItemBody), examples: { page: { items: [EXAMPLE_EVENT] } } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION'],
  })
  async ofOperation(@Caller() caller: Principal, @OperationId() id: string, @Filter() query: PageQuery): Promise<Page<TrailItem>> {
    return this.queries.execute(new OperationTrailQuery(caller, id, pageOf(query)));
  }

  @Endpoint({
    id: 'auditEvents', method: 'GET', path: '/v1/audit/events', tag: 'Audit', summary: 'The audit trail of everything', description: 'Newest first.', access: 'auditor', query: AuditDto,
    answers: [{ status: 200, description: 'A page of events', schema: pageSchema(TrailItemBody), examples: { page: { items: [EXAMPLE_EVENT], nextCursor: 'MTA0Mg' } } }],
  })
  async ofEverything(@Filter() query: AuditDto): Promise<Page<TrailItem>> {
    const { type = null, actor = null, keyId = null, from, to } = query;
    return this.queries.execute(new AuditTrailQuery({ type, actor, keyId, from: utc(from), to: utc(to) }, pageOf(query)));
  }
}

const utc = (text: string | undefined): string | null => (text === undefined ? null : (instantOf(text) ?? null));
