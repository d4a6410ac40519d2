import type { RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import { systemActor } from '#kernel/actor.js';
import { operationStream } from '#operations/contract.js';
import type { OperationExecutor, Settlement } from '#operations/contract.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import { decodeSigningEvent } from '../sign-order-kind.js';

/** Orders booked by one command: their events stay far below the limit of an append. */
const MAX_SETTLED_TOGETHER = 500;

/** Books ends of orders on their operation. Resolves when it is durable; the same ends again change nothing. */
export type Settle = (operationId: string, outcomes: readonly Settlement[]) => Promise<void>;

/**
 * Books the ends of orders on their operations, in batches. What is given back is only what an order's own stream says (rule 2);
 * booking the same end again changes nothing, so a crash before the checkpoint books twice and harms nobody.
 */
export async function settleUses(events: readonly RecordedEvent[], settle: Settle): Promise<void> {
  const byOperation = new Map<string, Settlement[]>();
  for (const recorded of events) {
    const end = settlementOf(recorded, decodeSigningEvent(recorded));
    if (end === undefined) continue;
    const there = byOperation.get(end.operationId);
    if (there === undefined) byOperation.set(end.operationId, [end.settlement]);
    else there.push(end.settlement);
  }
  await Promise.all([...byOperation].map(([operationId, outcomes]) => settle(operationId, outcomes)));
}

/** Settles by an executor. One that also reserves meets no conflicts; one of another process goes first where it meets them. */
export const settleBy = (operations: OperationExecutor): Settle => async (operationId, outcomes) => {
  const stream = operationStream(operationId);
  // An end that names no operation has nothing to book, and must not keep the others waiting.
  if ((await operations.states.load(stream)).revision < 0) return;
  for (let i = 0; i < outcomes.length; i += MAX_SETTLED_TOGETHER) {
    const some = outcomes.slice(i, i + MAX_SETTLED_TOGETHER);
    const meta = { commandId: derivedId('settle', operationId, some[0]?.cause ?? null, some.length), keyed: false, actor: systemActor('settlement'), bodyDigest: null, requestId: null };
    // Before all orders: what it closes makes room for them.
    await operations.execute({ stream, meta, urgent: true, build: (now) => ({ type: 'settle-uses', outcomes: some, now }) });
  }
};

function settlementOf({ id, stream }: RecordedEvent, event: SigningEvent): { readonly operationId: string; readonly settlement: Settlement } | undefined {
  const signOrderId = stream.slice(stream.indexOf('-') + 1);
  const booked = (spent: number, returned: number) => ({ operationId: event.data.operationId, settlement: { signOrderId, spent, returned, cause: id } });
  switch (event.type) {
    case 'signing.completed.v1':
      return booked(event.data.signatures.length, 0);
    case 'signing.failed.v1':
    case 'signing.halted.v1':
      return booked(0, event.data.count);
    case 'signing.outcome-unknown.v1':
      return booked(event.data.spent, event.data.returned);
    case 'signing.started.v1':
    case 'signing.late-outcome.v1':
    case 'signing.outcome-resolved.v1':
      return undefined;
  }
}
