import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ConflictError } from '../event-store.port.js';
import type { AppendResult, EventStore } from '../event-store.port.js';
import { idsOf, someEvent, someStream, withStore } from './contract-setup.js';
import type { OpenStore } from './opened-store.js';

/** An append in terms of the model: ids are numbers, chosen from few, so that resends, prefixes and mixtures all come up. */
interface Attempt {
  readonly expected: number;
  readonly ids: readonly number[];
}
type Outcome = { readonly revision: number } | { readonly conflict: number };

/** How EventStoreDB decides an append to a stream whose events have these ids; appends to `stream` what it accepts. */
const decide = (stream: number[], { expected, ids }: Attempt): Outcome => {
  const head = stream.length - 1;
  if (expected > head) return { conflict: head };
  if (expected === head) {
    stream.push(...ids);
    return { revision: stream.length - 1 };
  }
  const same = ids.every((id, index) => stream[expected + 1 + index] === id);
  return same ? { revision: expected + ids.length } : { conflict: head };
};

const observe = async (append: Promise<AppendResult>): Promise<Outcome> => {
  try {
    return { revision: (await append).revision };
  } catch (error) {
    if (error instanceof ConflictError) return { conflict: error.actual ?? -1 };
    throw error;
  }
};

const attempts = fc.array(fc.record({ expected: fc.integer({ min: -1, max: 7 }), ids: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 4 }) }), { maxLength: 25 });

const sendAll = async (store: EventStore, sent: readonly Attempt[]): Promise<void> => {
  const stream = someStream();
  const names = Array.from({ length: 3 }, () => randomUUID());
  const model: number[] = [];
  for (const attempt of sent) {
    const events = attempt.ids.map((id) => someEvent({ id }, names[id]));
    const outcome = await observe(store.append(stream, attempt.expected < 0 ? 'no-stream' : attempt.expected, events));
    expect(outcome).toEqual(decide(model, attempt));
  }
  const stored = await store.readStream(stream, { limit: 1_000 });
  expect(idsOf(stored)).toEqual(model.map((id) => names[id]));
  expect(stored.map((event) => event.revision)).toEqual(model.map((_, revision) => revision));
};

export const appendModelContract = (open: OpenStore): void => {
  it('decides random appends and resends as EventStoreDB does', withStore(open, async (store) => {
    await fc.assert(fc.asyncProperty(attempts, (sent) => sendAll(store, sent)), { numRuns: 60 });
  }));
};
