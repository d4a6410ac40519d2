import type { ActOutcome } from '#administration/contract.js';
import { Administration, initialControlPlane } from '#administration/contract.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import { keyStream } from '../../streams.js';
import { KeyGovernance } from '../govern-keys/key-governance.js';
import { ADMIN, KeysBench, meta } from '../testing/keys-bench.js';
import { FollowActs } from './follow-acts.process.js';

const CALLER: Principal = { ...ADMIN, name: null, roles: ['administrator'], groups: [], claims: {} };
const REGISTRATION = { keyId: 'fw', purpose: 'firmware', algorithm: 'RS256', approvalPolicy: { ref: 'two' }, description: 'd' };

/** An act in the chain, under the command that asked for it. */
const chained = (type: string, method: string, path: string, body: unknown, m: CommandMeta = meta()): RecordedEvent => ({
  stream: 'controlPlane-d', revision: 3, position: 9n, id: randomId(), type: `administration.${type}.v1`,
  data: { method, path, body, by: ADMIN, at: '2026-11-20T12:00:00.000Z', previous: null, authority: { type: 'direct' }, proof: null },
  metadata: { commandId: m.commandId, actor: ADMIN, at: '2026-11-20T12:00:00.000Z', ...(m.bodyDigest === null ? {} : { bodyDigest: m.bodyDigest }) },
});

describe('keys follow the control plane', () => {
  let bench: KeysBench;
  let refused: string[];
  let follow: FollowActs;
  beforeEach(() => {
    bench = new KeysBench();
    refused = [];
    follow = new FollowActs(bench.keys, (keyId, { code }) => void refused.push(`${keyId} ${code}`));
  });
  const types = () => bench.typesOf(keyStream('fw'));
  const state = async () => (await bench.keys.states.refresh(keyStream('fw'))).state;

  it('a key that was permitted is asked for, with a size and a CKA_ID of the command', async () => {
    const event = chained('key-permitted', 'POST', '/v1/keys', REGISTRATION);
    await follow.handle([event, event]);
    await new FollowActs(bench.keys).handle([event]);
    expect(await types()).toEqual(['keys.registration-requested.v1']);
    expect(await state()).toMatchObject({ status: 'creating', modulusBits: 3072, approvalPolicy: { ref: 'two', version: null }, description: 'd' });
  });

  it('what an api has done already under the same command is not done twice', async () => {
    await bench.register('fw');
    const m = meta();
    await bench.keys.execute({ stream: keyStream('fw'), meta: m, build: () => ({ type: 'disable', reason: 'lost', by: ADMIN }) });
    await bench.does('fw', { type: 'enable', reason: 'found', by: ADMIN });
    await follow.handle([chained('key-disabled', 'POST', '/v1/keys/fw/disable', { reason: 'lost' }, m)]);
    expect((await state()).status).toBe('enabled');
    expect(refused).toEqual([]);
  });

  it('policy, disabled, enabled', async () => {
    await bench.register('fw');
    await follow.handle([chained('key-policy-set', 'PUT', '/v1/keys/fw/approval-policy', { assuranceLevel: 'L2' }), chained('key-disabled', 'POST', '/v1/keys/fw/disable', { reason: 'lost' })]);
    expect(await state()).toMatchObject({ status: 'disabled', approvalPolicy: { assuranceLevel: 'L2' } });
    await follow.handle([chained('key-enabled', 'POST', '/v1/keys/fw/enable', { reason: 'found' })]);
    expect((await state()).status).toBe('enabled');
  });

  it('what can not be is told, and the rest goes on; other acts are no matter', async () => {
    await follow.handle([
      chained('key-disabled', 'POST', '/v1/keys/nowhere/disable', { reason: 'lost' }), chained('roster-set', 'PUT', '/v1/roster/g', { members: [] }), { ...chained('key-enabled', 'POST', '/v1/keys/fw/enable', { reason: 'r' }), data: 'garbage' },
      chained('key-permitted', 'POST', '/v1/keys', REGISTRATION),
    ]);
    expect(refused).toEqual(['nowhere KEY_NOT_FOUND']);
    expect((await state()).status).toBe('creating');
  });
});

describe('what a change of a key needs', () => {
  /** An Administration that answers what a test says. */
  class FakeAdministration extends Administration {
    readonly asked: string[] = [];
    constructor(private readonly governing: boolean, private readonly outcome: ActOutcome) {
      super({} as never);
    }
    override governs = (): Promise<boolean> => Promise.resolve(this.governing);
    override act = (_: CommandMeta, __: Principal, { method, path }: { readonly method: string; readonly path: string }): Promise<ActOutcome> => {
      this.asked.push(`${method} ${path}`);
      return Promise.resolve(this.outcome);
    };
  }
  const OPERATION = { operationId: 'o' };
  const DONE: ActOutcome = { done: { state: { plane: initialControlPlane, head: null }, revision: 0, eventId: null, at: null, answers: new Map(), doubts: 0 } };
  const ask = (bench: KeysBench, administration: Administration, method: string, path: string, body: unknown, m = meta()) => new KeyGovernance(administration, bench.keys).ask(m, CALLER, { method, path, body, proof: null });
  const enable = ['POST', '/v1/keys/fw/enable', { reason: 'r' }] as const;
  const register = ['POST', '/v1/keys', REGISTRATION] as const;

  it('is nothing while neither quorum nor genesis asks for more', async () => {
    const administration = new FakeAdministration(false, OPERATION);
    expect(await ask(new KeysBench(), administration, ...register)).toBeUndefined();
    expect(administration.asked).toEqual([]);
  });
  it('is an operation, or an act that is done', async () => {
    const bench = new KeysBench();
    expect(await ask(bench, new FakeAdministration(true, OPERATION), ...register)).toEqual(OPERATION);
    expect(await ask(bench, new FakeAdministration(true, DONE), ...register)).toBeUndefined();
  });
  it('is not asked of keys that are there, or are not', async () => {
    const bench = new KeysBench();
    const administration = new FakeAdministration(true, OPERATION);
    await expect(ask(bench, administration, ...enable)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await bench.register('fw');
    await expect(ask(bench, administration, ...register)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect(await ask(bench, administration, ...enable)).toBeUndefined();
    expect(administration.asked).toEqual([]);
    await bench.does('fw', { type: 'disable', reason: 'r', by: ADMIN });
    expect(await ask(bench, administration, ...enable)).toEqual(OPERATION);
  });
  it('rule 3: is nothing for a command that the key has answered', async () => {
    const bench = new KeysBench();
    await bench.register('fw');
    const m = meta();
    await bench.keys.execute({ stream: keyStream('fw'), meta: m, build: () => ({ type: 'disable', reason: 'r', by: ADMIN }) });
    const administration = new FakeAdministration(true, OPERATION);
    expect(await ask(bench, administration, 'POST', '/v1/keys/fw/disable', { reason: 'r' }, m)).toBeUndefined();
    expect(administration.asked).toEqual([]);
  });
});
