import { CommandExecutor } from './command-executor.js';
import { eventCodec } from './event-codec.js';
import { randomId } from './ids.js';
import { StreamStates } from './stream-states.js';
import type { StreamKind } from './stream-states.js';
import { MemoryEventStore } from './testing/memory-event-store.js';
import { TrustedClock } from './trusted-clock.js';

type Event = { readonly type: 'asked.v1' | 'undone.v1'; readonly data: { readonly n: number } };
const evolve = (state: number, event: Event): number => (event.type === 'asked.v1' ? state + 1 : state);
const kind: StreamKind<Event, number> = {
  initialState: 0, evolve, decode: eventCodec<Event>(['asked.v1', 'undone.v1']), remembers: (e) => e.type === 'asked.v1', forgets: (e) => e.type === 'undone.v1', snapshotVersion: '1',
  toJson: (s) => s, fromJson: (s: number) => s,
};
const actor = { issuer: 'i', subject: 's' };
const meta = (commandId: string, bodyDigest = 'b') => ({ commandId, keyed: true, actor, bodyDigest, requestId: null });

describe('an event that undoes what was answered before', () => {
  it('rule 3: a repetition is an answer before it, and decided anew after it, in this process and in another', async () => {
    const store = new MemoryEventStore();
    const clock = new TrustedClock({ wall: () => 0, monotonic: () => 0 });
    const process = () => new CommandExecutor<Event['type'], Event, number>(store, { initialState: 0, evolve, decide: (type, n) => [{ type, data: { n } }] }, new StreamStates(store, kind, { capacity: 10 }), clock);
    const here = process();
    const there = process();
    const again = randomId();
    const ask = (executor: typeof here, bodyDigest?: string) => executor.execute({ stream: 'x-1', meta: meta(again, bodyDigest), build: () => 'asked.v1' });

    expect((await ask(here)).repeated).toBe(false);
    expect((await ask(here)).repeated).toBe(true);
    expect((await ask(there)).repeated).toBe(true);
    await expect(ask(there, 'another body')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });

    await here.execute({ stream: 'x-1', meta: meta(randomId()), build: () => 'undone.v1' });
    const anew = await ask(there, 'another body');
    expect(anew.repeated).toBe(false);
    expect(anew.folded).toMatchObject({ state: 2, revision: 2 });
    expect(anew.folded.answers).toEqual(new Map([[again, { revision: 2, bodyDigest: 'another body' }]]));
    expect((await ask(here, 'another body')).repeated).toBe(true);
  });
});
