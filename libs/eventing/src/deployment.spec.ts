import { deploymentId, namedDeployment, OtherDeploymentError } from './deployment.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const NOW = '2026-11-20T12:00:00.000Z';

describe('deploymentId', () => {
  it('is made once, whoever comes first', async () => {
    const store = new MemoryEventStore();
    const ids = await Promise.all(Array.from({ length: 5 }, () => deploymentId(store, NOW)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await deploymentId(store, NOW)).toBe(ids[0]);
    expect(await store.readAll({ limit: 10 })).toHaveLength(1);
    expect(await deploymentId(new MemoryEventStore(), NOW)).not.toBe(ids[0]);
  });

  it('is what a genesis calls it, where it has no name yet', async () => {
    const store = new MemoryEventStore();
    const waiting = namedDeployment(store);
    expect(await deploymentId(store, NOW, 'd1')).toBe('d1');
    await expect(deploymentId(store, NOW, 'd2')).rejects.toThrow(OtherDeploymentError);
    expect(await waiting).toBe('d1');
    expect(await namedDeployment(new MemoryEventStore(), AbortSignal.abort())).toBeUndefined();
  });

  it('is none while the store can\'t say whether it is written', async () => {
    const store = new FaultyEventStore(new MemoryEventStore());
    store.faults = ['unknown-after', 'none'];
    await expect(deploymentId(store, NOW)).rejects.toThrow('unknown');
    const id = await deploymentId(store, NOW);
    expect(await deploymentId(store.inner, NOW)).toBe(id);
    expect(await store.inner.readAll({ limit: 10 })).toHaveLength(1);
  });
});
