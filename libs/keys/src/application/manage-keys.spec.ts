import { PLAIN_PLANE, ADMIN, KeysBench, meta, pem } from './testing/keys-bench.js';
import { ChangePolicyCommand } from './change-policy/change-policy.command.js';
import { ChangePolicyHandler } from './change-policy/change-policy.handler.js';
import { DisableKeyCommand } from './disable-key/disable-key.command.js';
import { DisableKeyHandler } from './disable-key/disable-key.handler.js';
import { EnableKeyCommand } from './enable-key/enable-key.command.js';
import { EnableKeyHandler } from './enable-key/enable-key.handler.js';
import { GetKeyHandler } from './get-key/get-key.handler.js';
import { GetKeyQuery } from './get-key/get-key.query.js';
import { ListKeysHandler } from './list-keys/list-keys.handler.js';
import { ListKeysQuery } from './list-keys/list-keys.query.js';
import { keyStream } from '../streams.js';

const TWO = { type: 'approvers', count: 2, group: 'g', role: 'approver' } as const;

describe('keys that are there', () => {
  let bench: KeysBench;
  let asked: { readonly keyId?: string; readonly position: bigint }[];
  let disabling: DisableKeyHandler;
  let enabling: EnableKeyHandler;
  let policies: ChangePolicyHandler;
  let getting: GetKeyHandler;
  beforeEach(async () => {
    bench = new KeysBench();
    asked = [];
    const started = {
      startedBefore: (filter: { readonly keyId?: string }, position: bigint): Promise<readonly string[]> => {
        asked.push({ ...filter, position });
        return Promise.resolve(['order-1']);
      },
    };
    disabling = new DisableKeyHandler(bench.keys, bench.store, started, pem);
    enabling = new EnableKeyHandler(bench.keys, pem);
    policies = new ChangePolicyHandler(bench.keys, PLAIN_PLANE, pem);
    getting = new GetKeyHandler(bench.keys, pem);
    await bench.register('fw');
  });
  const positionOf = async (revision: number): Promise<bigint | undefined> => (await bench.store.readStream(keyStream('fw'), { from: revision, limit: 1 }))[0]?.position;

  it('are read from their own stream, also what another process wrote', async () => {
    const first = await getting.execute(new GetKeyQuery('fw'));
    expect(first).toMatchObject({ keyId: 'fw', status: 'enabled', publicKeyPem: 'pem of c3BraQ==', revision: 1 });
    await new KeysBench(bench.store).does('fw', { type: 'disable', reason: 'x', by: ADMIN });
    expect(await getting.execute(new GetKeyQuery('fw'))).toMatchObject({ status: 'disabled', revision: 2 });
  });

  it('are not found when they are not there, or came to nothing', async () => {
    await bench.does('gone', { type: 'request-registration', registration: { keyId: 'gone', purpose: 'ca', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'aa' }, at: '2026-11-20T12:00:00.000Z' });
    await bench.does('gone', { type: 'fail-registration', attempt: 1, failure: { code: 'KEY_EXISTS', detail: 'x' } });
    for (const keyId of ['none', 'gone']) {
      await expect(getting.execute(new GetKeyQuery(keyId))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await expect(policies.execute(new ChangePolicyCommand(meta(), keyId, TWO))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await expect(disabling.execute(new DisableKeyCommand(meta(), keyId, 'x'))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await expect(enabling.execute(new EnableKeyCommand(meta(), keyId, 'x'))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    }
    expect(asked).toEqual([]);
  });

  it('get another policy, and a repetition tells what it was then', async () => {
    const first = meta({ keyed: true });
    expect(await policies.execute(new ChangePolicyCommand(first, 'fw', TWO))).toMatchObject({ approvalPolicy: TWO, revision: 2 });
    await policies.execute(new ChangePolicyCommand(meta(), 'fw', { type: 'none' }));
    expect(await policies.execute(new ChangePolicyCommand(first, 'fw', TWO))).toMatchObject({ approvalPolicy: TWO, revision: 2 });
    expect(await getting.execute(new GetKeyQuery('fw'))).toMatchObject({ approvalPolicy: { type: 'none' }, revision: 3 });
    await expect(policies.execute(new ChangePolicyCommand({ ...first, bodyDigest: 'other' }, 'fw', TWO))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('stores who did it by identity alone', async () => {
    const actor = { ...ADMIN, name: 'Ada', roles: ['administrator'] };
    await policies.execute(new ChangePolicyCommand(meta({ actor }), 'fw', TWO));
    await disabling.execute(new DisableKeyCommand(meta({ actor }), 'fw', 'x'));
    await enabling.execute(new EnableKeyCommand(meta({ actor }), 'fw', 'x'));
    const events = await bench.store.readStream(keyStream('fw'), { from: 2, limit: 10 });
    expect(events.map((e) => (e.data as { by: unknown }).by)).toEqual([ADMIN, ADMIN, ADMIN]);
  });

  it('rule 6: disabling tells the orders that had started before it', async () => {
    expect(await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'leak'))).toMatchObject({ status: 'disabled', inFlight: ['order-1'], revision: 2 });
    expect(asked).toEqual([{ keyId: 'fw', position: await positionOf(2) }]);
  });

  it('rule 6: a repetition, and a second disabling, tell those of the first moment', async () => {
    const first = meta({ keyed: true });
    await disabling.execute(new DisableKeyCommand(first, 'fw', 'leak'));
    await policies.execute(new ChangePolicyCommand(meta(), 'fw', TWO));
    expect(await disabling.execute(new DisableKeyCommand(first, 'fw', 'leak'))).toMatchObject({ revision: 2 });
    expect(await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'again'))).toMatchObject({ status: 'disabled', revision: 3 });
    const at = await positionOf(2);
    expect(asked.map((a) => a.position)).toEqual([at, at, at]);
  });

  it('finds the moment of disabling however long ago it was', async () => {
    await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'leak'));
    for (let i = 0; i < 120; i += 1) await policies.execute(new ChangePolicyCommand(meta(), 'fw', i % 2 === 0 ? TWO : { type: 'none' }));
    await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'again'));
    const at = await positionOf(2);
    expect(asked.map((a) => a.position)).toEqual([at, at]);
  });

  it('are enabled again, and again changes nothing', async () => {
    await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'leak'));
    expect(await enabling.execute(new EnableKeyCommand(meta(), 'fw', 'checked'))).toMatchObject({ status: 'enabled', revision: 3 });
    expect(await enabling.execute(new EnableKeyCommand(meta(), 'fw', 'checked'))).toMatchObject({ status: 'enabled', revision: 3 });
  });

  it('rule 13: enable and disable over two processes, one behind: neither is refused or passed over from a stale state', async () => {
    const other = new KeysBench(bench.store);
    const there = new EnableKeyHandler(other.keys, pem);
    await there.execute(new EnableKeyCommand(meta(), 'fw', 'warms the cache'));
    await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'leak'));
    // The other process still holds "enabled" in memory, where enabling would be "already so".
    expect(await there.execute(new EnableKeyCommand(meta(), 'fw', 'checked'))).toMatchObject({ status: 'enabled', revision: 3 });
    expect(await disabling.execute(new DisableKeyCommand(meta(), 'fw', 'leak'))).toMatchObject({ status: 'disabled', revision: 4 });
    expect(await bench.typesOf(keyStream('fw'))).toEqual(['keys.registration-requested.v1', 'keys.registered.v1', 'keys.disabled.v1', 'keys.enabled.v1', 'keys.disabled.v1']);
  });

  it('are listed by the read model', async () => {
    const page = { limit: 2, cursor: 'c' };
    const listed = { items: [], nextCursor: 'd' };
    const listing = new ListKeysHandler({ list: (p) => Promise.resolve(p === page ? listed : { items: [] }) });
    expect(await listing.execute(new ListKeysQuery(page))).toBe(listed);
  });
});
