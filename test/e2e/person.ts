import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import type { DecisionChallengeView } from '#operations/application/challenge-decision/challenge-decision.command.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import type { TrailItem } from '#evidence/application/trail-item.js';
import type { CheckedClient } from '#test/openapi/checked-client.js';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** As the call's success is declared; of a problem only `code` is to be read. */
  readonly body: T;
  /** Status and, of a problem, its code: `201`, `409 USAGE_EXHAUSTED`. */
  readonly said: string;
}
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Idempotency-Key`. */
  readonly key?: string;
  /** The request is wrong on purpose. */
  readonly wrong?: boolean;
}
export interface List<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}
export interface OrderBody {
  readonly keyId: string;
  readonly digests?: readonly string[];
  readonly digestAlgorithm?: string;
  readonly data?: string;
  readonly signatureFormat?: string;
}
type Operation = Pick<OperationView, 'operationId'>;
type Asking = Pick<OperationView, 'operationId' | 'requestDigest'>;

const codeOf = (body: unknown): string => (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' ? ` ${body.code}` : '');

/** What was declared for this status; anything else is an error that tells what came. */
export function expected<T>(answer: Answer<T>, ...statuses: readonly number[]): T {
  if (!statuses.includes(answer.status)) throw new Error(`${statuses.join(' or ')} expected, ${answer.status} came: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Somebody with a token, and the calls of the contract as he makes them. Requests and answers are held against /openapi.json. */
export class Person {
  /** @param token what stands in the Authorization header */
  constructor(private readonly client: CheckedClient, readonly token: string | undefined, readonly issuer: string, readonly subject: string) {}

  async send<T = unknown>(method: string, path: string, body?: unknown, { headers = {}, key, wrong = false }: Asked = {}): Promise<Answer<T>> {
    const answer = await this.client.call(method, path, {
      ...(this.token === undefined ? {} : { token: this.token }), ...(body === undefined ? {} : { body }), wrong,
      headers: { ...headers, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    });
    return { status: answer.status, headers: answer.headers, body: answer.body as T, said: `${answer.status}${answer.status >= 400 ? codeOf(answer.body) : ''}` };
  }
  get = <T = unknown>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> => this.send('GET', path, undefined, { headers });
  post = <T = unknown>(path: string, body: unknown, asked: Asked = {}): Promise<Answer<T>> => this.send('POST', path, body, asked);

  registers = (key: Readonly<Record<string, unknown>>, asked: Asked = {}): Promise<Answer<KeyBody>> => this.post('/v1/keys', key, asked);
  setsPolicy = (keyId: string, policy: unknown, asked: Asked = {}): Promise<Answer<KeyBody>> => this.send('PUT', `/v1/keys/${keyId}/approval-policy`, policy, asked);
  disables = (keyId: string, reason = 'lost', asked: Asked = {}): Promise<Answer<KeyBody & { readonly inFlight: readonly string[] }>> => this.post(`/v1/keys/${keyId}/disable`, { reason }, asked);
  enables = (keyId: string, reason = 'found', asked: Asked = {}): Promise<Answer<KeyBody>> => this.post(`/v1/keys/${keyId}/enable`, { reason }, asked);

  /** @param uses by keyId */
  requests(uses: Readonly<Record<string, number>>, more: Readonly<Record<string, unknown>> = {}, asked: Asked = {}): Promise<Answer<OperationView>> {
    const keyUsages = Object.entries(uses).map(([keyId, maxUsageCount]) => ({ keyId, maxUsageCount }));
    return this.post('/v1/operations', { keyUsages, description: 'Release 4.2.0', validMs: 3_600_000, ...more }, asked);
  }
  async operation(uses: Readonly<Record<string, number>>, more: Readonly<Record<string, unknown>> = {}): Promise<OperationView> {
    return expected(await this.requests(uses, more), 201);
  }
  reads = ({ operationId }: Operation, headers: Readonly<Record<string, string>> = {}): Promise<Answer<OperationView>> => this.get(`/v1/operations/${operationId}`, headers);
  lists = (query = ''): Promise<Answer<List<OperationView>>> => this.get(`/v1/operations${query}`);
  queue = (query = ''): Promise<Answer<List<OperationView>>> => this.get(`/v1/approvals/queue${query}`);

  decides = (decision: 'approve' | 'reject', { operationId, requestDigest }: Asking, { proof, ...asked }: Asked & { readonly proof?: unknown } = {}, comment?: string): Promise<Answer<OperationView>> =>
    this.post(`/v1/operations/${operationId}/decisions`, { decision, requestDigest, ...(comment === undefined ? {} : { comment }), ...(proof === undefined ? {} : { proof }) }, asked);
  challenged = ({ operationId }: Operation, body: { readonly decision: 'approve' | 'reject'; readonly credentialId?: string }, asked: Asked = {}): Promise<Answer<DecisionChallengeView>> =>
    this.post(`/v1/operations/${operationId}/decision-challenges`, body, asked);
  approves = (operation: Asking, asked: Asked & { readonly proof?: unknown } = {}): Promise<Answer<OperationView>> => this.decides('approve', operation, asked);
  rejects = (operation: Asking, asked: Asked = {}): Promise<Answer<OperationView>> => this.decides('reject', operation, asked);
  withdraws = ({ operationId }: Operation, asked: Asked = {}): Promise<Answer<OperationView>> => this.send('DELETE', `/v1/operations/${operationId}/decisions/mine`, undefined, asked);
  revokes = ({ operationId }: Operation, asked: Asked = {}, reason = 'stolen'): Promise<Answer<OperationView & { readonly inFlight: readonly string[] }>> =>
    this.post(`/v1/operations/${operationId}/revocation`, { reason }, asked);

  orders = ({ operationId }: Operation, body: OrderBody, asked: Asked = {}): Promise<Answer<SignOrderView>> => this.post(`/v1/operations/${operationId}/sign-orders`, body, asked);
  readsOrder = ({ operationId, signOrderId }: Pick<SignOrderView, 'operationId' | 'signOrderId'>): Promise<Answer<SignOrderView>> => this.get(`/v1/operations/${operationId}/sign-orders/${signOrderId}`);
  listsOrders = ({ operationId }: Operation, query = ''): Promise<Answer<List<SignOrderView>>> => this.get(`/v1/operations/${operationId}/sign-orders${query}`);
  resolves = ({ operationId, signOrderId }: Pick<SignOrderView, 'operationId' | 'signOrderId'>, finding: 'signed' | 'not-signed', asked: Asked = {}): Promise<Answer<SignOrderView>> =>
    this.post(`/v1/operations/${operationId}/sign-orders/${signOrderId}/resolution`, { finding, comment: 'as the HSM’s own log says' }, asked);

  trail = ({ operationId }: Operation, query = '?limit=200'): Promise<Answer<List<TrailItem>>> => this.get(`/v1/operations/${operationId}/events${query}`);
  audit = (query = ''): Promise<Answer<List<TrailItem>>> => this.get(`/v1/audit/events${query}`);
}
