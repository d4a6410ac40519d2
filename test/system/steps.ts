import { createHash, randomBytes } from 'node:crypto';
import { opensslVerifies } from '#signing/adapters/pkcs11/testing/openssl-verify.js';
import type { Answer, Body, Client, Headers } from './client.js';
import { sleep } from './service.js';
import type { Service } from './service.js';

export interface Key extends Body {
  readonly keyId: string;
  readonly publicKeyPem: string;
  readonly status: string;
  readonly revision: number;
}
export interface Operation extends Body {
  readonly operationId: string;
  readonly state: string;
  readonly requestDigest: string;
  readonly revision: number;
  readonly expiresAt: string;
  readonly keyUsages: readonly { readonly keyId: string; readonly maxUsageCount: number; readonly usedCount: number; readonly remainingCount: number }[];
}
export interface SignOrder extends Body {
  readonly signOrderId: string;
  readonly state: string;
  readonly signatures?: readonly (string | null)[];
  readonly usesConsumed?: number;
  readonly failure?: { readonly code: string; readonly detail: string };
}
export interface TrailEvent extends Body {
  readonly position: string;
  readonly stream: string;
  readonly type: string;
  readonly data: Body;
}
interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export const FINAL_STATES: readonly string[] = ['completed', 'failed', 'halted', 'outcome-unknown'];
export const isFinal = (order: { readonly state: string }): boolean => FINAL_STATES.includes(order.state);
export const twoOfGroup = { type: 'approvers', count: 2, group: 'firmware-approvers' };
/** A SHA-256 of nothing in particular, base64. */
export const digest = (): string => createHash('sha256').update(randomBytes(32)).digest('base64');
export const digests = (count: number): readonly string[] => Array.from({ length: count }, digest);

/** Registers an ES256 key without approval. @param more replaces or adds fields @throws Error when it is not there at once */
export async function makeKey(service: Service, keyId: string, more: Body = {}): Promise<Key> {
  const answer = await service.admin.post<Key>('/v1/keys', { keyId, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' }, ...more });
  if (answer.status !== 201) throw new Error(`key ${keyId}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Requests uses of keys. @param usages how many of each @throws Error when it is refused */
export async function request(service: Service, usages: Readonly<Record<string, number>>, more: Body = {}, who: Client = service.orderer): Promise<Operation> {
  const keyUsages = Object.entries(usages).map(([keyId, maxUsageCount]) => ({ keyId, maxUsageCount }));
  const answer = await who.post<Operation>('/v1/operations', { keyUsages, description: 'A request of a test', validMs: 3_600_000, ...more });
  if (answer.status !== 201) throw new Error(`request: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export const approve = (operation: Operation, who: Client): Promise<Answer<Operation>> =>
  who.post<Operation>(`/v1/operations/${operation.operationId}/decisions`, { decision: 'approve', requestDigest: operation.requestDigest });

/** Orders signatures over digests. @param headers such as `prefer` or `idempotency-key` */
export const order = (service: Service, operation: Operation, keyId: string, over: readonly string[], headers: Headers = {}): Promise<Answer<SignOrder>> =>
  service.orderer.post<SignOrder>(`/v1/operations/${operation.operationId}/sign-orders`, { keyId, digests: over, digestAlgorithm: 'SHA-256' }, headers);

export const operationOf = async (service: Service, { operationId }: Operation): Promise<Operation> => (await service.admin.get<Operation>(`/v1/operations/${operationId}`)).body;

export async function orderOf(service: Service, { operationId }: Operation, signOrderId: string): Promise<SignOrder> {
  const answer = await service.orderer.get<SignOrder>(`/v1/operations/${operationId}/sign-orders/${signOrderId}`);
  if (answer.status !== 200) throw new Error(`order ${signOrderId}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The order when it has its end. @throws Error after `withinMs` */
export const ended = (service: Service, operation: Operation, signOrderId: string, withinMs = 20_000): Promise<SignOrder> =>
  eventually(() => orderOf(service, operation, signOrderId), isFinal, withinMs);

/** Asks until the answer is as wanted. @throws Error with the last answer after `withinMs` */
export async function eventually<T>(ask: () => T | Promise<T>, wanted: (answer: T) => boolean, withinMs = 20_000): Promise<T> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() - began > withinMs) throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(answer)?.slice(0, 2_000)}`);
    await sleep(25);
  }
}

/** All sign orders of an operation. */
export const ordersOf = (service: Service, { operationId }: Operation): Promise<readonly SignOrder[]> => pages<SignOrder>(service.admin, `/v1/operations/${operationId}/sign-orders`);

/** The trail of an operation, oldest first. */
export const trailOf = (service: Service, { operationId }: Operation): Promise<readonly TrailEvent[]> => pages<TrailEvent>(service.auditor, `/v1/operations/${operationId}/events`);

async function pages<T>(who: Client, path: string): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const { body } = await who.get<Page<T>>(`${path}?limit=200${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...body.items);
    cursor = body.nextCursor;
    if (cursor === undefined) return items;
  }
}

/** How many of an order's signatures `openssl` finds good for the digests of an ES256 key. */
export const goodSignatures = (key: Key, over: readonly string[], { signatures = [] }: SignOrder): number =>
  over.filter((digest, i) => opensslVerifies(key.publicKeyPem, 'ES256', Buffer.from(digest, 'base64'), Buffer.from(signatures[i] ?? '', 'base64'))).length;
