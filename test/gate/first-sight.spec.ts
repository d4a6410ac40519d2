import { randomUUID } from 'node:crypto';
import { ChainWorld, DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { controlPlaneStream } from '#administration/contract.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { Sightings } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import { ChainHeads } from '#signing/application/gate/chain-heads.js';
import { ChainSteps } from '#signing/application/gate/chain-steps.js';
import { PlaneFeed } from '#signing/application/gate/plane-feed.js';
import { StandingNotes } from '#signing/application/gate/standing-notes.js';
import { MemoryLedger, newLedgerMemory } from '#signing/application/ports/testing/memory-ledger.js';

const LATE = '2026-11-20T13:30:00.000Z';

describe('rules 14, 22: when signers saw an act', () => {
  const world = new ChainWorld();
  const [ada, ben, cyd] = world.admins;
  const store = new MemoryEventStore();
  const memory = newLedgerMemory();
  let written = 0;
  const write = async (): Promise<void> => {
    for (; written < world.events.length; written += 1) {
      const { type = '', data } = world.events[written] ?? {};
      await store.append(controlPlaneStream(DEPLOYMENT), written === 0 ? 'no-stream' : written - 1, [{ id: randomUUID(), type, data, metadata: { commandId: randomUUID(), actor: { issuer: 'i', subject: 's' }, at: world.now } }]);
    }
  };
  const feed = (now: () => Instant | undefined): PlaneFeed => {
    const ledger = new MemoryLedger(memory, () => 0);
    const steps = new ChainSteps({ deployment: DEPLOYMENT, pinned: world.digest, verifier: world.verifier, ledger, store, notes: new StandingNotes(ledger, { monotonic: () => 0 }), now });
    return new PlaneFeed({ store, deployment: DEPLOYMENT, steps, heads: new ChainHeads(ledger), sightings: new Sightings(), relying: { rpId: 'countersign.example', origin: 'https://countersign.example' } });
  };
  const acts = (): number => [...memory.notes.keys()].filter((place) => place.startsWith('["act"')).length;

  it('is told by no clock that is not trusted, and read again when it is', async () => {
    if (ada === undefined || ben === undefined || cyd === undefined) throw new Error('nobody');
    await write();
    const clock: { now: Instant | undefined } = { now: undefined };
    const signer = feed(() => clock.now);
    await signer.current();
    const session = world.session(ada, 'POST /v1/policies', [ben, cyd]);
    world.act(ada, 'POST', '/v1/policies', { name: 'late', policy: { type: 'approvers', count: 3 } }, session);
    await write();
    await signer.refresh();
    expect((await signer.current()).state.policies.has('late')).toBe(true);
    expect(acts()).toBe(0);
    // The session lasts from when it bears, and was over when the first trusted clock saw its act.
    clock.now = LATE;
    expect((await signer.current()).state.policies.has('late')).toBe(false);
    expect(acts()).toBe(2);
    expect(signer.warning()).toMatchObject({ code: 'ACTS_UNCOUNTED' });
  });

  it('is what the ledger says, whatever the clock says now', async () => {
    const before = acts();
    for (const now of [undefined, '2026-11-20T12:01:00.000Z']) expect((await feed(() => now).current()).state.policies.has('late')).toBe(false);
    expect(acts()).toBe(before);
  });
});
