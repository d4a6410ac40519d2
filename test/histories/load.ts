import { randomInt, randomUUID } from 'node:crypto';
import type { Client } from '#test/system/client.js';
import { sleep } from '#test/system/service.js';
import type { Service } from '#test/system/service.js';
import { digests, eventually, isFinal, operationOf, ordersOf, request, trailOf } from '#test/system/steps.js';
import type { Operation, SignOrder } from '#test/system/steps.js';
import { History } from './history.js';
import type { Outcome } from './history.js';

export interface LoadOptions {
  readonly service: Service;
  readonly keyId: string;
  readonly clients: number;
  /** Base URLs of the apis: clients go from one to the other. */
  readonly bases: readonly string[];
  /** Uses of each operation; when they are used up, clients go on with the next one. */
  readonly granted: number;
}

/** A pause of a client whose call failed: what is down comes back in a moment. */
const AFTER_FAILURE_MS = 50;
const WAIT_S = 2;

/** Clients that order, repeat and read without end, each call kept in a history. */
export class Load {
  readonly history = new History();
  readonly operations: Operation[] = [];
  private going = true;
  private paused = false;
  private running: Promise<unknown> = Promise.resolve();
  private readonly unanswered: (() => Promise<void>)[] = [];

  private constructor(private readonly options: LoadOptions) {}

  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    await load.next();
    load.running = Promise.all(Array.from({ length: options.clients }, (_, n) => load.client(n)));
    return load;
  }

  /** Clients finish what they ask, and ask nothing more until they are to go on. */
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }

  /** Lets every client finish, and asks once more for what had no answer. */
  async stop(): Promise<void> {
    this.going = false;
    await this.running;
    for (const ask of this.unanswered) await ask();
  }

  /** Waits until every order has its end and is booked. @throws Error when one stays without */
  async outcome(withinMs: number): Promise<Outcome> {
    const { service, keyId, granted } = this.options;
    const orders: Outcome['orders'][number][] = [];
    for (const operation of this.operations) {
      const all = await eventually(async () => {
        const [now, list] = [await operationOf(service, operation), await ordersOf(service, operation)];
        const used = now.keyUsages.reduce((sum, { usedCount }) => sum + usedCount, 0);
        return { list, booked: list.every(isFinal) && used === list.reduce((sum, { usesConsumed = 0 }) => sum + usesConsumed, 0) };
      }, ({ booked }) => booked, withinMs);
      const trail = await trailOf(service, operation);
      const reserved = trail.filter(({ type }) => type === 'operations.uses-reserved.v1').length;
      if (reserved !== all.list.length) throw new Error(`the trail shows ${reserved} reservations, there are ${all.list.length} orders`);
      orders.push(...all.list.map(({ signOrderId, state, usesConsumed = 0, signatures }) => ({ signOrderId, operationId: operation.operationId, keyId, count: 0, state, usesConsumed, ...(signatures === undefined ? {} : { signatures }) })));
    }
    return { grants: this.operations.map(({ operationId }) => ({ operationId, keyId, granted })), orders, calls: service.spied('C_Sign') };
  }

  private async next(): Promise<void> {
    const { service, keyId, granted } = this.options;
    this.operations.push(await request(service, { [keyId]: granted }));
  }

  private async client(n: number): Promise<void> {
    const { service, bases } = this.options;
    const name = `client-${n}`;
    const callers = bases.map((base) => service.as('orderer-1', ['orderer'], {}, base));
    const seen = new Map<string, number>();
    while (this.going) {
      if (this.paused) {
        await sleep(AFTER_FAILURE_MS);
        continue;
      }
      const caller = callers[randomInt(callers.length)];
      const operation = this.operations.at(-1);
      if (caller === undefined || operation === undefined) return;
      const more = await (randomInt(4) === 0 ? this.read(name, caller, operation, seen) : this.order(name, caller, operation));
      if (more === 'exhausted' && operation === this.operations.at(-1)) await this.next().catch(() => undefined);
      if (more === 'failed') await sleep(AFTER_FAILURE_MS);
    }
  }

  private async order(client: string, caller: Client, { operationId }: Operation): Promise<'ok' | 'exhausted' | 'failed'> {
    const { keyId } = this.options;
    const count = 1 + randomInt(3);
    const over = digests(count);
    const idempotencyKey = randomUUID();
    const ask = async (): Promise<'ok' | 'exhausted' | 'failed'> => {
      const answer = await this.history.record(
        () => caller.post<SignOrder>(`/v1/operations/${operationId}/sign-orders`, { keyId, digests: over, digestAlgorithm: 'SHA-256' }, { 'idempotency-key': idempotencyKey, prefer: `wait=${WAIT_S}` }),
        (when, told) => {
          const { signOrderId, state, signatures } = told?.body ?? {};
          const known = { ...(signOrderId === undefined ? {} : { signOrderId }), ...(state === undefined ? {} : { state }), ...(signatures === undefined ? {} : { signatures }) };
          // "Unavailable" does not say that nothing was written.
          const unknown = told === undefined || told.status >= 500;
          return { kind: 'order', client, ...when, operationId, keyId, count, idempotencyKey, answer: unknown ? 'unknown' : { status: told.status, code: told.code, ...(told.status < 300 ? known : {}) } };
        },
      );
      if (answer === undefined || answer.status >= 500 || answer.status === 429) return 'failed';
      return answer.code === 'USAGE_EXHAUSTED' || answer.code === 'OPERATION_FINAL' || answer.code === 'OPERATION_EXHAUSTED' ? 'exhausted' : 'ok';
    };
    const result = await ask();
    if (result === 'failed') this.unanswered.push(async () => void (await ask()));
    return result;
  }

  private async read(client: string, caller: Client, { operationId }: Operation, revisions: Map<string, number>): Promise<'ok' | 'failed'> {
    const seen = revisions.get(operationId);
    const answer = await this.history.record(
      () => caller.get<Operation>(`/v1/operations/${operationId}`, seen === undefined ? {} : { 'if-min-revision': String(seen) }),
      (when, told) => ({ kind: 'read', client, ...when, subject: operationId, seen, answer: told === undefined || told.status >= 500 ? 'unknown' : { status: told.status, ...(told.status === 200 ? { revision: told.body.revision } : {}) } }),
    );
    if (answer?.status !== 200) return 'failed';
    revisions.set(operationId, Math.max(seen ?? 0, answer.body.revision));
    return 'ok';
  }
}
