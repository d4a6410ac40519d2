import type { DomainEvent } from '#kernel/decider.js';
import type { RecordedEvent } from './event-store.port.js';

/** A stored event of a type that this release does not know: the writer stops rather than decide without it. */
export class UnknownEventTypeError extends Error {
  override readonly name = 'UnknownEventTypeError';
  constructor(readonly stream: string, readonly revision: number, readonly type: string) {
    super(`${stream}@${revision}: unknown event type ${type}`);
  }
}

/** Turns what is stored into today's event, old versions first lifted by their upcaster. */
export type Decode<E extends DomainEvent> = (recorded: RecordedEvent) => E;

/**
 * @param types every current wire name of the union
 * @param upcasters from an old wire name to today's event
 */
export function eventCodec<E extends DomainEvent>(types: readonly E['type'][], upcasters: Readonly<Record<string, (data: unknown) => E>> = {}): Decode<E> {
  const known = new Set<string>(types);
  return (recorded) => {
    // A name comes from the store: `constructor` is nobody's upcaster.
    const lift = Object.hasOwn(upcasters, recorded.type) ? upcasters[recorded.type] : undefined;
    if (lift !== undefined) return lift(recorded.data);
    if (!known.has(recorded.type)) throw new UnknownEventTypeError(recorded.stream, recorded.revision, recorded.type);
    // The store holds what `decide` returned under this very name; golden files pin its shape.
    return { type: recorded.type, data: recorded.data } as E;
  };
}
