import type { Page } from '#eventing/page.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { Projector } from '#platform/read-model/projector.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { KeyView } from '../../application/key-view.js';
import type { KeyEvent } from '../../domain/key/events.js';
import { keyPairStream, keyRegistrationStream, keyStream } from '../../streams.js';
import { KeyProjection } from './key.projection.js';
import { keysPart } from './key-tables.js';
import { SqlKeyList } from './sql-key-list.js';

describe.each(TEST_DATABASES)('keys in the read model on %s', (kind) => {
  let model: TemporaryReadModel;
  let store: MemoryEventStore;
  let seeded: SeededEvents;
  beforeEach(async () => {
    model = await temporaryReadModel([keysPart], kind);
    store = new MemoryEventStore();
    seeded = new SeededEvents(store);
  });
  afterEach(() => model.close());

  const add = (keyId: string, event: KeyEvent): Promise<void> => seeded.add(keyStream(keyId), event);
  const request = (keyId: string, attempt = 1): Promise<void> =>
    add(keyId, {
      type: 'keys.registration-requested.v1',
      data: { keyId, attempt, requestedAt: '2026-01-01T00:00:00.000Z', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'ab' },
    });
  const register = (keyId: string): Promise<void> => add(keyId, { type: 'keys.registered.v1', data: { keyId, publicKey: 'SPKI', publicKeySha256: 'cd', ckaIdHex: 'ab', tokenSerial: '1', signer: 's' } });
  const by = { issuer: 'i', subject: 'admin1' };
  const project = async (each = false): Promise<void> => {
    const events = await seeded.all();
    for (const batch of each ? events.map((e) => [e]) : [events]) await new Projector(model.database, [new KeyProjection()]).apply(batch, await store.storeId());
  };
  const list = (limit: number, cursor: string | null = null): Promise<Page<KeyView>> => new SqlKeyList(model.database, (spki) => `PEM of ${spki}`).list({ limit, cursor });

  it.each([['in one batch', false], ['event by event, restarted each time', true]])('shows every key that there is, by keyId (%s)', async (_, each) => {
    for (const keyId of ['fw-prod', 'creating', 'failed', 'again']) await request(keyId);
    await register('fw-prod');
    await add('fw-prod', { type: 'keys.disabled.v1', data: { keyId: 'fw-prod', reason: 'r', by } });
    for (const keyId of ['failed', 'again']) await add(keyId, { type: 'keys.registration-failed.v1', data: { keyId, code: 'HSM_UNAVAILABLE', detail: 'gone' } });
    await request('again', 2);
    await seeded.add(keyPairStream('cd'), { type: 'keys.pair-claimed.v1', data: { keyId: 'fw-prod', publicKeySha256: 'cd' } });
    await seeded.add(keyRegistrationStream('r'), { type: 'keys.registration-taken.v1', data: { keyId: 'fw-prod', signer: 's', incarnation: 'i' } });
    await project(each);
    const { items } = await list(200);
    expect(items.map(({ keyId, status, publicKeyPem, revision }: KeyView) => ({ keyId, status, publicKeyPem, revision }))).toEqual([
      { keyId: 'again', status: 'creating', publicKeyPem: null, revision: 2 },
      { keyId: 'creating', status: 'creating', publicKeyPem: null, revision: 0 },
      { keyId: 'fw-prod', status: 'disabled', publicKeyPem: 'PEM of SPKI', revision: 2 },
    ]);
    expect((await model.dump())['parked_event']).toEqual([]);
  });

  it('pages through them', async () => {
    for (const keyId of ['c', 'a.1', 'a-1', 'a_1', '0', 'b']) await request(keyId);
    await project();
    const seen: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: Page<KeyView> = await list(2, cursor);
      seen.push(...page.items.map((k) => k.keyId));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['0', 'a-1', 'a.1', 'a_1', 'b', 'c']);
    await expect(list(1, 'none')).rejects.toEqual(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });
});
