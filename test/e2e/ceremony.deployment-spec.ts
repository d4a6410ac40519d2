import { createHash } from 'node:crypto';
import { readinessOf, startAll, TWO_OF_EACH } from '#test/faults/deployment.js';
import { pkcs11Tool } from '#test/fixtures/softhsm.js';
import { Service } from '#test/system/service.js';
import type { Env } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { Founded, writeGenesis } from './founded.js';
import type { Genesis } from './founded.js';
import { expected } from './person.js';
import { ofFirmware, Scene } from './scene.js';

// Two processes of each kind, which come to an empty store at one instant. What is laid is the apis' to know; the others pin its digest.
const DIGEST = createHash('sha256').update('release').digest('base64');
const FOUNDING = { rosters: { 'firmware-approvers': ['ana', 'ben'] }, others: ['ana', 'ben'], keys: { fw: { tree: ofFirmware(2), requiredProof: 'signature' } } };

let service: Service;
beforeEach(async () => {
  service = await Service.create({ processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
}, 60_000);
afterEach(Service.closeAll);

const layer = ({ file }: Genesis) => (name: string): Env => (name.startsWith('api') ? { COUNTERSIGN_GENESIS__FILE: file } : {});

it('rules 3, 15 and 22: all processes start at once: one genesis is laid, each of its keys is asked for, made and bound once, and signs for its people', async () => {
  const genesis = writeGenesis(service, FOUNDING);
  service.configure({ genesis: { digest: genesis.digest }, identity: { issuers: [] } });
  await startAll(service, layer(genesis));
  const founded = await Founded.of(await Scene.of(service), genesis);
  const { scene } = founded;
  const head = async (name: string) => (await service.as('auditor-1', ['auditor'], {}, service.baseOf(name)).get<{ readonly head: string; readonly revision: number; readonly genesis: string }>('/v1/control-plane')).body;
  expect(await head('api-1')).toMatchObject({ genesis: genesis.digest, revision: 2 });
  expect(await head('api-2')).toEqual(await head('api-1'));
  const times = async (type: string): Promise<number> => expected(await scene.auditor.audit(`?limit=200&type=${type}.v1`), 200).items.length;
  expect([await times('keys.registration-requested'), await times('keys.registered'), await times('keys.registration-failed')]).toEqual([2, 2, 0]);
  expect(pkcs11Tool(service.token, '--list-objects', '--type', 'privkey').match(/^Private Key Object/gm)).toHaveLength(2);
  const operation = await scene.orderer.operation({ fw: 1 }, { binding: { digests: [DIGEST] } });
  for (const subject of ['ana', 'ben']) expected(await founded.approver(subject).approves(operation), 201);
  expect(await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }))).toMatchObject({ state: 'completed' });
}, 120_000);

it('rule 22: of two apis that come with different ones, one ends and says so, and the other one goes on with its own', async () => {
  const apis = ['api-1', 'api-2'] as const;
  const own = { 'api-1': writeGenesis(service, FOUNDING, 'one'), 'api-2': writeGenesis(service, FOUNDING, 'another') };
  service.configure({ identity: { issuers: [] } });
  for (const name of apis) service.start(name, { env: { COUNTERSIGN_GENESIS__FILE: own[name].file, COUNTERSIGN_GENESIS__DIGEST: own[name].digest } });
  const [loser, end] = await Promise.race(apis.map(async (name) => [name, await service.part(name).exit()] as const));
  const winner = loser === 'api-1' ? 'api-2' : 'api-1';
  expect(end).toEqual({ code: 1, signal: null });
  expect(service.errors).toContain(`countersign: the control plane began with the genesis ${own[winner].digest}, and the configuration wants ${own[loser].digest}`);
  const plane = () => service.as('auditor-1', ['auditor'], {}, service.baseOf(winner)).get<{ readonly genesis: string; readonly revision: number }>('/v1/control-plane');
  await eventually(() => readinessOf(service, winner), ({ status }) => status !== 0);
  expect((await plane()).body).toMatchObject({ genesis: own[winner].digest, revision: 0 });
}, 120_000);
