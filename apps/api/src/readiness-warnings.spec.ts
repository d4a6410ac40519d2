import { initialControlPlane, NOTHING_SEEN } from '#administration/contract.js';
import type { KeyView } from '#keys/application/key-view.js';
import type { PolicySource } from '#policies/contract.js';
import { parsePolicySource } from '#policies/contract.js';
import { viewOf } from './control-plane.js';
import { warningsOfApi } from './readiness-warnings.js';

const laid = { deployment: 'd', createdAt: '2026-11-20T12:00:00.000Z', rpId: 'h', origin: 'https://h', minimumProof: 'token', digest: 'ab'.repeat(32) } as const;
const source = (value: unknown): PolicySource => {
  const read = parsePolicySource(value, '');
  if (!('source' in read)) throw new Error('no policy');
  return read.source;
};
const key = (keyId: string, policy: unknown): KeyView => ({ keyId, purpose: 'firmware', algorithm: 'ES256', publicKeyPem: null, approvalPolicy: source(policy), description: null, requesters: null, status: 'enabled', createdAt: '', revision: 0 });
const tree = { type: 'approvers', count: 1 };

describe('warnings of readiness', () => {
  let [plane, pinned, quorum, isOneProcess, keys, now, lists] = [initialControlPlane, null as string | null, 1, true, [] as KeyView[], 0, 0];
  let found: (readonly string[])[] = [];
  const make = () =>
    warningsOfApi({
      config: { administration: { quorum, isQuorumStated: true, sessionMaxMs: 1 }, genesis: { digest: pinned, file: null } },
      isOneProcess, plane: () => plane, controlPlane: { known: () => viewOf(plane, NOTHING_SEEN) }, monotonic: () => now, found: (keyIds) => void found.push(keyIds),
      keys: { list: ({ cursor }) => Promise.resolve().then(() => (lists += 1, cursor === null ? { items: keys.slice(0, 1), ...(keys.length > 1 ? { nextCursor: 'rest' } : {}) } : { items: keys.slice(1) })) },
    });
  const codes = async (source = make()): Promise<readonly string[]> => (await source.now()).map(({ code }) => code);
  beforeEach(() => {
    [plane, pinned, quorum, isOneProcess, keys, now, lists, found] = [{ ...initialControlPlane, genesis: laid, quorum: 2 }, laid.digest, 1, false, [], 0, 0, []];
  });

  it('are none where everything is promised', async () => {
    keys = [key('a', tree), key('b', { tree, requiredProof: 'signature' })];
    expect(await codes()).toEqual([]);
  });

  it('rule 22: name what takes the promise away', async () => {
    [plane, pinned, isOneProcess] = [initialControlPlane, null, true];
    expect(await codes()).toEqual(['NO_GENESIS', 'QUORUM_OF_ONE', 'ONE_PROCESS']);
    quorum = 2;
    expect(await codes()).toEqual(['NO_GENESIS', 'ONE_PROCESS']);
  });

  it('rule 22: a genesis that the signer of this process does not pin is none', async () => {
    [pinned, isOneProcess] = [null, true];
    expect(await codes()).toEqual(['NO_GENESIS', 'ONE_PROCESS']);
    isOneProcess = false;
    expect(await codes()).toEqual([]);
  });

  it('the quorum in force counts, not the configured one', async () => {
    quorum = 1;
    expect(await codes()).toEqual([]);
  });

  it.each<[string, unknown, readonly string[]]>([
    ['that says so though it asks for proofs', { tree, requiredProof: 'signature', allowUnprovenOrders: true }, ['UNPROVEN_ORDERS']],
    ['that asks for no proofs', { tree, allowUnprovenOrders: true }, []],
    ['that takes bound operations alone', { tree, requiredProof: 'signature', allowUnprovenOrders: true, requireBinding: true }, []],
    ['that says so by reference', { ref: 'open' }, ['UNPROVEN_ORDERS']],
    ['that nobody published', { ref: 'nothing' }, []],
    ['beside a level that does not say so', { tree, requiredProof: 'signature', allowUnprovenOrders: true, assuranceLevel: 'L3' }, []],
  ])('rule 20: a key with a policy %s', async (_, policy, expected) => {
    plane = { ...plane, policies: new Map([['open', [{ version: 1, policy: source({ tree, requiredProof: 'webauthn', allowUnprovenOrders: true }) as never, by: null, at: '' }]]]), levels: new Map([['L3', source({ tree, requiredProof: 'signature' }) as never]]) };
    keys = [key('a', tree), key('b', policy)];
    expect(await codes()).toEqual(expected);
    expect(found).toEqual(expected.length === 0 ? [] : [['b']]);
  });

  it('does not read all keys as often as it is asked, and names none to everybody', async () => {
    keys = [key('secret-project', { tree, requiredProof: 'signature', allowUnprovenOrders: true })];
    const source = make();
    const [first] = await Promise.all([source.now(), source.now()]);
    await source.now();
    expect([lists, JSON.stringify(first).includes('secret-project')]).toEqual([1, false]);
    now = 10_000;
    await source.now();
    expect([lists, found]).toEqual([2, [['secret-project']]]);
  });

  it('tells the rest while the keys can not be read', async () => {
    isOneProcess = true;
    const source = warningsOfApi({ config: { administration: { quorum: 1, isQuorumStated: false, sessionMaxMs: 1 }, genesis: { digest: pinned, file: null } }, isOneProcess, plane: () => plane, controlPlane: { known: () => viewOf(plane, NOTHING_SEEN) }, monotonic: () => 0, found: () => undefined, keys: { list: () => Promise.reject(new Error('away')) } });
    expect(await codes(source)).toEqual(['ONE_PROCESS']);
  });
});
