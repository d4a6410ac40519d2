import { awaitDeployment, deploymentId } from '#eventing/deployment.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { systemActor } from '#kernel/actor.js';
import { controlPlaneStream } from '../../streams.js';
import { ChainWorld, DEPLOYMENT } from '../testing/chain-world.js';
import { beginControlPlane, GenesisRefusedError } from './begin-control-plane.js';

const NOW = '2026-11-21T12:00:00.000Z';
const STREAM = controlPlaneStream(DEPLOYMENT);
const metadata = { commandId: '00000000-0000-4000-8000-000000000000', actor: systemActor('test'), at: NOW };

describe('the beginning of a control plane', () => {
  const [world, another] = [new ChainWorld(), new ChainWorld()];
  const { document, digest } = world;
  let store: MemoryEventStore;
  beforeEach(() => (store = new MemoryEventStore()));
  const types = async (): Promise<readonly string[]> => (await store.readAll({ limit: 10 })).map((e) => `${e.stream} ${e.type}`);
  const refusal = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => (error instanceof GenesisRefusedError ? error.message : `another: ${String(error)}`));

  it('is the genesis, under its own id, once', async () => {
    for (let i = 0; i < 2; i += 1) {
      const beginning = await beginControlPlane(store, { document, digest }, NOW);
      expect(beginning).toMatchObject({ deployment: DEPLOYMENT, plane: { genesis: { digest, deployment: DEPLOYMENT }, quorum: 2 } });
      expect(beginning.keys.map(({ keyId }) => keyId)).toEqual(['evidence', 'fw-prod']);
    }
    expect(await types()).toEqual(['deployment-main deployment.named.v1', `${STREAM} administration.genesis-laid.v1`]);
    const [laid] = await store.readStream(STREAM, { limit: 1 });
    expect([laid?.data, laid?.metadata.actor]).toEqual([{ document, digest }, systemActor('genesis')]);
  });

  it('rule 1: two who come together find one', async () => {
    const both = await Promise.all([beginControlPlane(store, { document, digest: null }, NOW), beginControlPlane(store, { document, digest }, NOW)]);
    expect(both.map((one) => one.plane.genesis?.digest)).toEqual([digest, digest]);
    expect(await types()).toHaveLength(2);
  });

  it('of two who come together with different ones, one stops', async () => {
    const ends = await Promise.all([refusal(beginControlPlane(store, world, NOW)), refusal(beginControlPlane(store, another, NOW))]);
    expect(ends.sort()).toEqual(['none', expect.stringMatching(/^the control plane began with the genesis [0-9a-f]{64}, and the configuration wants [0-9a-f]{64}$/)]);
  });

  it('goes on where an earlier start was cut off', async () => {
    await deploymentId(store, NOW, DEPLOYMENT);
    expect((await beginControlPlane(store, world, NOW)).plane.genesis?.digest).toBe(digest);
    const faulty = new FaultyEventStore(new MemoryEventStore());
    faulty.faults = ['none', 'unknown-after'];
    await expect(beginControlPlane(faulty, world, NOW)).rejects.toThrow('unknown');
    expect((await beginControlPlane(faulty.inner, world, NOW)).plane.genesis?.digest).toBe(digest);
  });

  it('is not begun by a wrong file: nothing is written', async () => {
    expect(await refusal(beginControlPlane(store, { document, digest: another.digest }, NOW))).toBe(`the digest of genesis.file is ${digest}, and genesis.digest is ${another.digest}`);
    expect(await refusal(beginControlPlane(store, { document: { ...document, quorum: 4 }, digest: null }, NOW))).toMatch(/^genesis\.file can not be laid: \/administrators /);
    expect(await types()).toEqual([]);
  });

  it('is not laid in the store of another deployment', async () => {
    await deploymentId(store, NOW, 'other');
    expect(await refusal(beginControlPlane(store, world, NOW))).toBe(`the event store is that of the deployment other, not of ${DEPLOYMENT}, as genesis.file says`);
    expect(await types()).toHaveLength(1);
  });

  it('is not laid behind what was done without one', async () => {
    await deploymentId(store, NOW, DEPLOYMENT);
    const data = { method: 'PUT', path: '/v1/roster/fw', body: { members: [] }, by: { issuer: 'i', subject: 's' }, at: NOW, previous: null, authority: { type: 'direct' }, proof: null };
    await store.append(STREAM, 'no-stream', [{ id: '00000000-0000-4000-8000-000000000001', type: 'administration.roster-set.v1', data, metadata }]);
    expect(await refusal(beginControlPlane(store, world, NOW))).toBe(`the control plane began without a genesis, and the configuration wants ${digest}`);
    expect(await refusal(beginControlPlane(store, { document: null, digest }, NOW))).toBe(`the control plane began without a genesis, and the configuration wants ${digest}`);
    expect((await beginControlPlane(store, { document: null, digest: null }, NOW)).plane.rosters.get('fw')).toEqual([]);
  });

  it('is told by the document, not by the digest beside it', async () => {
    await deploymentId(store, NOW, DEPLOYMENT);
    await store.append(STREAM, 'no-stream', [{ id: '00000000-0000-4000-8000-000000000002', type: 'administration.genesis-laid.v1', data: { document: another.document, digest }, metadata }]);
    expect(await refusal(beginControlPlane(store, { document: null, digest }, NOW))).toBe(`the control plane began with the genesis ${another.digest}, and the configuration wants ${digest}`);
  });

  it('who only pins it waits for who lays it', async () => {
    await expect(beginControlPlane(store, { document: null, digest }, NOW, 0)).rejects.toThrow(/none was laid in the event store: start an api whose configuration names genesis\.file$/);
    expect(await types()).toEqual([]);
    const waiting = Promise.all([beginControlPlane(store, { document: null, digest }, NOW, 5_000), awaitDeployment(store, 5_000)]);
    await beginControlPlane(store, world, NOW);
    expect(await waiting).toMatchObject([{ deployment: DEPLOYMENT, plane: { genesis: { digest } } }, DEPLOYMENT]);
    await deploymentId(store, NOW);
  });

  it('is nothing where nothing is wanted', async () => {
    const { deployment, plane, keys } = await beginControlPlane(store, { document: null, digest: null }, NOW);
    expect([deployment, plane.genesis, keys]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), null, []]);
    expect(await types()).toEqual(['deployment-main deployment.named.v1']);
  });
});
