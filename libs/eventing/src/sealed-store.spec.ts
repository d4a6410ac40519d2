import { randomUUID } from 'node:crypto';
import { refuseSealed, SealedStoreError, STORE_SEALED, STORE_STREAM } from './sealed-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const said = (type: string) => ({ id: randomUUID(), type, data: {}, metadata: { commandId: randomUUID(), actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' } });

describe('a sealed store', () => {
  it('rule 17: is refused for ever, an unsealed one is not', async () => {
    const store = new MemoryEventStore();
    await refuseSealed(store);
    await store.append(STORE_STREAM, 'no-stream', [said('store.opened.v1')]);
    await refuseSealed(store);
    await store.append(STORE_STREAM, 0, [said(STORE_SEALED)]);
    await expect(refuseSealed(store)).rejects.toBeInstanceOf(SealedStoreError);
    await store.append(STORE_STREAM, 1, [said('store.opened.v1')]);
    await expect(refuseSealed(store)).rejects.toThrow(/moved to another store/);
  });
});
