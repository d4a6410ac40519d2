import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { DomainError } from '#kernel/domain-error.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import { setLocation } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { base64Bytes } from '#platform/http/base64.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { PageQuery, pageOf, pageSchema } from '#platform/http/page.dto.js';
import { Caller, Filter, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { Prefers } from '#platform/http/parameters/header.decorator.js';
import { OperationId, SignOrderId } from '#platform/http/parameters/path.decorator.js';
import { DEFAULT_WAIT_SECONDS } from '#platform/http/prefer.js';
import type { Preferences } from '#platform/http/prefer.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { GetSignOrderQuery } from '../../application/get-sign-order/get-sign-order.query.js';
import { ListSignOrdersQuery } from '../../application/list-sign-orders/list-sign-orders.query.js';
import { PlaceSignOrderCommand } from '../../application/place-sign-order/place-sign-order.command.js';
import type { SignRequest } from '../../application/place-sign-order/place-sign-order.command.js';
import { ResolveOutcomeCommand } from '../../application/resolve-outcome/resolve-outcome.command.js';
import { isFinal } from '../../application/sign-order-view.js';
import type { SignOrderView } from '../../application/sign-order-view.js';
import { MAX_DATA_BYTES, PlaceSignOrderDto } from './place-sign-order.dto.js';
import { ResolveOutcomeDto } from './resolve-outcome.dto.js';
import { COMPLETED, FOUND_ONCE, HALTED, RESERVED, SIGN_REQUESTS, UNKNOWN } from './sign-order.examples.js';
import { SignOrderBody } from './sign-order.schema.js';

const PATH = '/v1/operations/:operationId/sign-orders';

@Controller()
export class SignOrdersController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'placeSignOrder', method: 'POST', path: PATH, tag: 'Sign orders', summary: 'Sign', access: 'orderer', headers: ['Prefer'],
    description: 'One use a digest, all or none. `failed`, `halted` and `outcome-unknown` are final too, and answered with 201. With `Prefer: respond-async` alone it answers at once; with `wait=n`, after so many seconds at the latest; 10 s when neither is given.',
    body: bodyOf(PlaceSignOrderDto, SIGN_REQUESTS),
    answers: [
      { status: 201, description: 'The order has ended', schema: ref(SignOrderBody), headers: ['Location'], examples: { completed: COMPLETED, halted: HALTED, 'outcome unknown': UNKNOWN } },
      { status: 202, description: 'The order is under way: `Location` tells how it goes on', schema: ref(SignOrderBody), headers: ['Location'], examples: { reserved: RESERVED } },
    ],
    problems: ['PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'SESSION_REQUIRED', 
      'OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION', 'OPERATION_NOT_APPROVED', 'OPERATION_NOT_YET_VALID', 'OPERATION_EXPIRED', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'OPERATION_EXHAUSTED',
      'USAGE_EXHAUSTED', 'KEY_UNKNOWN', 'KEY_DISABLED', 'DIGEST_NOT_BOUND', 'HSM_UNAVAILABLE',
    ],
  })
  async place(
    @Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @Input() body: PlaceSignOrderDto, @Prefers() prefer: Preferences,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<SignOrderView> {
    const view = await this.commands.execute(new PlaceSignOrderCommand(meta, caller, id, signRequest(body), waitMs(prefer)));
    if (!isFinal(view.state)) answer.code(202);
    setLocation(answer, `/v1/operations/${view.operationId}/sign-orders/${view.signOrderId}`);
    return view;
  }

  @Endpoint({
    id: 'listSignOrders', method: 'GET', path: PATH, tag: 'Sign orders', summary: 'List an operation’s sign orders', description: 'Newest first. As for the operation.', access: 'any-role', query: PageQuery,
    answers: [{ status: 200, description: 'A page of sign orders', schema: pageSchema(SignOrderBody), examples: { page: { items: [COMPLETED] } } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION'],
  })
  async list(@Caller() caller: Principal, @OperationId() id: string, @Filter() query: PageQuery): Promise<Page<SignOrderView>> {
    return this.queries.execute(new ListSignOrdersQuery(caller, id, pageOf(query)));
  }

  @Endpoint({
    id: 'getSignOrder', method: 'GET', path: `${PATH}/:signOrderId`, tag: 'Sign orders', summary: 'Read a sign order', description: 'As for the operation.', access: 'any-role',
    answers: [{ status: 200, description: 'The sign order', schema: ref(SignOrderBody), examples: { completed: COMPLETED, reserved: RESERVED } }],
    problems: ['OPERATION_NOT_FOUND', 'SIGN_ORDER_NOT_FOUND', 'NOT_YOUR_OPERATION'],
  })
  async read(@Caller() caller: Principal, @OperationId() id: string, @SignOrderId() signOrderId: string): Promise<SignOrderView> {
    return this.queries.execute(new GetSignOrderQuery(caller, id, signOrderId));
  }

  @Endpoint({
    id: 'resolveOutcome', method: 'POST', path: `${PATH}/:signOrderId/resolution`, tag: 'Sign orders', summary: 'Record what was found of an unknown outcome', access: 'administrator',
    description: 'State and uses stay as they are.',
    body: bodyOf(ResolveOutcomeDto, { 'not signed': { finding: 'not-signed', comment: 'The HSM’s audit log has no such signature' } }),
    answers: [
      { status: 201, description: 'Two different administrators found the same', schema: ref(SignOrderBody), examples: { 'found by both': FOUND_ONCE } },
      { status: 202, description: 'Another administrator must find the same', schema: ref(SignOrderBody), headers: ['Location'], examples: { 'found by one': FOUND_ONCE } },
    ],
    problems: ['OPERATION_NOT_FOUND', 'SIGN_ORDER_NOT_FOUND'],
  })
  async resolve(
    @Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @SignOrderId() signOrderId: string, @Input() body: ResolveOutcomeDto,
    @Res({ passthrough: true }) answer: Answer,
  ): Promise<SignOrderView> {
    const { order, resolved } = await this.commands.execute(new ResolveOutcomeCommand(meta, caller, id, signOrderId, body.finding, body.comment));
    if (!resolved) {
      answer.code(202);
      setLocation(answer, `/v1/operations/${id}/sign-orders/${signOrderId}`);
    }
    return order;
  }
}

/** RFC 7240 section 4.3: both together mean to wait so long, and only then to answer that it is under way. */
const waitMs = (prefer: Preferences): number => (prefer.waitSeconds ?? (prefer.respondAsync ? 0 : DEFAULT_WAIT_SECONDS)) * 1000;

/** @throws DomainError PAYLOAD_TOO_LARGE */
function signRequest(body: PlaceSignOrderDto): SignRequest {
  const { keyId, digests, digestAlgorithm, data, signatureFormat: format = null } = body;
  const proof = body.proof === undefined ? {} : { proof: body.proof.jws };
  if (digests !== undefined && digestAlgorithm !== undefined) return { keyId, input: { digests, digestAlgorithm }, format, ...proof };
  if (data === undefined) throw new TypeError('a sign order without input');
  if (base64Bytes(data) > MAX_DATA_BYTES) throw new DomainError('PAYLOAD_TOO_LARGE', `data has at most ${MAX_DATA_BYTES} bytes`);
  return { keyId, input: { data }, format, ...proof };
}
