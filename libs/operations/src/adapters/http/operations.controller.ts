import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import { setLocation, setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { PageQuery, pageOf, pageSchema } from '#platform/http/page.dto.js';
import { Caller, Filter, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { MinRevision, Prefers } from '#platform/http/parameters/header.decorator.js';
import { OperationId } from '#platform/http/parameters/path.decorator.js';
import { DEFAULT_WAIT_SECONDS } from '#platform/http/prefer.js';
import type { Preferences } from '#platform/http/prefer.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ApprovalQueueQuery } from '../../application/approval-queue/approval-queue.query.js';
import { GetOperationQuery } from '../../application/get-operation/get-operation.query.js';
import { ListOperationsQuery } from '../../application/list-operations/list-operations.query.js';
import { RequestOperationCommand } from '../../application/request-operation/request-operation.command.js';
import { GetOperationDto, ListOperationsDto } from './list-operations.dto.js';
import { OPERATION_BODY, operationRequest } from './operation-request.js';
import { APPROVED_ONCE, PENDING, REJECTED } from './operation.examples.js';
import { OperationBody, operationBody } from './operation.schema.js';
import type { RequestOperationDto } from './request-operation.dto.js';
import type { SeedOperationDto } from './seed-operation.dto.js';

@Controller()
export class OperationsController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'requestOperation', method: 'POST', path: '/v1/operations', tag: 'Operations', summary: 'Ask for the use of keys', access: 'orderer',
    description: 'With no approval needed the operation is born `approved`.',
    body: OPERATION_BODY,
    answers: [{ status: 201, description: 'The operation', schema: ref(OperationBody), headers: ['ETag', 'Location'], examples: { pending: PENDING } }],
    problems: ['KEY_UNKNOWN', 'KEY_DISABLED', 'KEY_NOT_ALLOWED', 'POLICY_UNSATISFIABLE'],
  })
  async request(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Input() body: RequestOperationDto | SeedOperationDto, @Res({ passthrough: true }) answer: Answer): Promise<OperationBody> {
    const view = await this.commands.execute(new RequestOperationCommand(meta, caller, operationRequest(body)));
    setRevision(answer, view.revision);
    setLocation(answer, `/v1/operations/${view.operationId}`);
    return operationBody(view);
  }

  @Endpoint({
    id: 'listOperations', method: 'GET', path: '/v1/operations', tag: 'Operations', summary: 'List operations', access: 'any-role', query: ListOperationsDto,
    description: 'Newest first. Who is only an orderer sees his own.',
    answers: [{ status: 200, description: 'A page of operations', schema: pageSchema(OperationBody), examples: { page: { items: [PENDING] } } }],
  })
  async list(@Caller() caller: Principal, @Filter() query: ListOperationsDto): Promise<Page<OperationBody>> {
    const filter = { state: query.state ?? null, keyId: query.keyId ?? null, requestedByMe: query.requestedBy === 'me', decidedByMe: query.decidedBy === 'me' };
    const page = await this.queries.execute(new ListOperationsQuery(caller, filter, pageOf(query)));
    return { ...page, items: page.items.map(operationBody) };
  }

  @Endpoint({
    id: 'getOperation', method: 'GET', path: '/v1/operations/:operationId', tag: 'Operations', summary: 'Read an operation', access: 'any-role', query: GetOperationDto, headers: ['Prefer', 'If-Min-Revision'],
    description: 'Its orderer, any approver, administrator, auditor, and who may decide it.',
    answers: [{ status: 200, description: 'The operation', schema: ref(OperationBody), headers: ['ETag'], examples: { 'approved once': APPROVED_ONCE, rejected: REJECTED } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION', 'REVISION_NOT_REACHED'],
  })
  async read(
    @Caller() caller: Principal, @OperationId() id: string, @Filter() query: GetOperationDto, @MinRevision() minRevision: number | null, @Prefers() prefer: Preferences,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<OperationBody> {
    const waitMs = query.until === undefined ? null : (prefer.waitSeconds ?? DEFAULT_WAIT_SECONDS) * 1000;
    const view = await this.queries.execute(new GetOperationQuery(caller, id, minRevision, waitMs));
    setRevision(answer, view.revision);
    return operationBody(view);
  }

  @Endpoint({
    id: 'approvalQueue', method: 'GET', path: '/v1/approvals/queue', tag: 'Approvals', summary: 'What the caller may decide now', access: 'any-role', query: PageQuery,
    description: 'The pending operations that this caller may decide and has not decided; oldest expiry first.',
    answers: [{ status: 200, description: 'A page of operations', schema: pageSchema(OperationBody), examples: { page: { items: [PENDING] } } }],
  })
  async queue(@Caller() caller: Principal, @Filter() query: PageQuery): Promise<Page<OperationBody>> {
    const page = await this.queries.execute(new ApprovalQueueQuery(caller, pageOf(query)));
    return { ...page, items: page.items.map(operationBody) };
  }
}
