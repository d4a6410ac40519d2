import { Inject, Injectable } from '@nestjs/common';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { DomainError } from '#kernel/domain-error.js';
import { OPERATION_EXECUTOR, operationStream } from '#operations/contract.js';
import type { OperationExecutor, UsesReserved } from '#operations/contract.js';
import { evolveSignOrder, hasEnded, initialSignOrder } from '../../domain/sign-order/state.js';
import type { SignOrderState } from '../../domain/sign-order/state.js';
import { signOrderStream } from '../../streams.js';
import { decodeSigningEvent } from '../sign-order-kind.js';
import type { SignOrderView } from '../sign-order-view.js';
import { viewReserved, viewSignOrder } from '../view-sign-order.js';

export interface FoundOrder {
  readonly view: SignOrderView;
  readonly ended: boolean;
  readonly bodyDigest: string;
  /** Null while it is only reserved. */
  readonly state: SignOrderState | null;
}

/** An order has a handful of events: lock, outcome, a late one, findings. */
const MAX_EVENTS = 500;
const BACKWARD = 500;

/** Sign orders as the event store tells them. */
@Injectable()
export class SignOrders {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
  ) {}

  /** @throws DomainError SIGN_ORDER_NOT_FOUND */
  async find(operationId: string, signOrderId: string): Promise<FoundOrder> {
    return (await this.started(operationId, signOrderId)) ?? (await this.reserved(operationId, signOrderId)) ?? (await this.started(operationId, signOrderId)) ?? missing();
  }

  private async started(operationId: string, signOrderId: string): Promise<FoundOrder | undefined> {
    const events = await this.store.readStream(signOrderStream(signOrderId), { limit: MAX_EVENTS });
    const state = events.reduce((s, e) => evolveSignOrder(s, decodeSigningEvent(e)), initialSignOrder);
    const view = viewSignOrder(state);
    if (view === undefined || state.facts === null) return undefined;
    return state.facts.operationId === operationId ? { view, ended: hasEnded(state), bodyDigest: state.facts.bodyDigest, state } : missing();
  }

  /** Only an open reservation can lack a stream of its own, and it lies among the operation's latest events. */
  private async reserved(operationId: string, signOrderId: string): Promise<FoundOrder | undefined> {
    const stream = operationStream(operationId);
    const { state, revision } = await this.operations.states.refresh(stream);
    if (!state.open.has(signOrderId)) return undefined;
    for (let from = revision; from >= 0; from -= BACKWARD) {
      for (const event of await this.store.readStream(stream, { from, limit: BACKWARD, direction: 'backward' })) {
        const data = event.data as UsesReserved['data'];
        if (event.type === 'operations.uses-reserved.v1' && data.signOrderId === signOrderId) return { view: viewReserved(data), ended: false, bodyDigest: data.bodyDigest, state: null };
      }
    }
    return undefined;
  }
}

function missing(): never {
  throw new DomainError('SIGN_ORDER_NOT_FOUND', 'this operation has no such sign order');
}
