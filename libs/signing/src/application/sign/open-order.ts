import { createHash } from 'node:crypto';
import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { UsesReserved } from '#operations/contract.js';
import type { OrderFacts, Started } from '../../domain/sign-order/events.js';

/** An accepted order that has no end yet, without what is to be signed, which may be large. */
export interface OrderHead extends OrderFacts {
  readonly publicKeySha256: string;
  /** Of the reservation. */
  readonly position: Position;
  /** Of the reservation, in its operation's stream. */
  readonly revision: number;
  /** Of the reservation; undefined where nothing is traced. */
  readonly traceparent?: string | undefined;
}

/** As the signer signs it. */
export interface OpenOrder extends OrderHead {
  /** What goes to C_Sign, one by one: digests, or the EdDSA message. */
  readonly inputs: readonly Buffer[];
  /** Base64; for EdDSA the SHA-256 of the message. */
  readonly digests: readonly string[];
  /** The input is a message, not digests. */
  readonly isMessage: boolean;
  /** The orderer's own signature over the order (rule 20); undefined: none came with it. */
  readonly proof?: UsesReserved['data']['proof'];
}

/** Reads an order from its `operations.uses-reserved` event, which carries all that a signer needs (rule 5). */
export function openOrder(recorded: RecordedEvent): OpenOrder {
  const data = recorded.data as UsesReserved['data'];
  const { operationId, signOrderId, bodyDigest, requestedAt, keyId, algorithm, count, format, publicKeySha256, input } = data;
  const inputs = ('digests' in input ? input.digests : [input.message]).map((x) => Buffer.from(x, 'base64'));
  const digests = 'digests' in input ? input.digests : inputs.map((m) => createHash('sha256').update(m).digest('base64'));
  return { operationId, signOrderId, reservation: recorded.id, bodyDigest, requestedAt, keyId, algorithm, count, format, publicKeySha256, inputs, digests, isMessage: !('digests' in input), proof: data.proof, position: recorded.position, revision: recorded.revision, traceparent: recorded.metadata.traceparent };
}

export const headOf = (order: OpenOrder): OrderHead => ({
  ...factsOf(order), publicKeySha256: order.publicKeySha256, position: order.position, revision: order.revision, traceparent: order.traceparent,
});

export const factsOf = ({ operationId, signOrderId, reservation, bodyDigest, requestedAt, keyId, algorithm, count, format }: OrderHead): OrderFacts => ({
  operationId, signOrderId, reservation, bodyDigest, requestedAt, keyId, algorithm, count, format,
});

/** Who holds the lock on an order. */
export type Lock = Pick<Started['data'], 'signer' | 'incarnation' | 'attempt'> & { readonly at: Position };
