import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runProgram } from '#test/demo/program.js';
import { jwsApprover } from '#test/fixtures/approver.js';
import { Service } from '#test/system/service.js';
import type { Settings } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';

interface Readyz {
  readonly status: string;
  readonly warnings?: readonly { readonly code: string; readonly detail: string }[];
}

let service: Service;
beforeEach(async () => {
  service = await Service.create();
});
afterEach(Service.closeAll);

/** A ceremony of three administrators, held with the command. @returns the digest that it printed */
async function held(name: string, over: Settings = {}): Promise<{ readonly digest: string; readonly file: string }> {
  const account = (subject: string) => ({ issuer: service.issuer.url, subject });
  const administrators = ['admin-1', 'admin-2', 'admin-3'];
  const document = {
    rpId: '127.0.0.1', origin: service.base, minimumProof: 'signature', quorum: 2, administrators: administrators.map(account),
    credentials: administrators.map((subject) => ({ credentialId: `${subject}-key`, owner: account(subject), label: subject, key: jwsApprover().credential.key })),
    policies: [{ name: 'two', policy: { type: 'approvers', count: 2 } }], issuers: [{ issuer: service.issuer.url, audience: 'countersign', jwksUri: `${service.issuer.url}/jwks` }],
    keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'two' } }],
    ...over,
  };
  const [yaml, dir] = [join(service.dir, `${name}.ceremony.yaml`), join(service.dir, name)];
  writeFileSync(yaml, stringify(document));
  const { code, out, err } = await runProgram('apps/cli/src/main', ['ceremony', yaml, '--out', dir]);
  if (code !== 0) throw new Error(err);
  return { digest: out.trim(), file: join(dir, 'genesis.json') };
}
/** Of every part; issuers are left to the genesis. */
const configured = (genesis: Settings, over: Settings = {}): void => service.configure({ genesis, identity: { issuers: [] }, ...over });
const readyz = async (part?: string): Promise<Readyz> => (await (await fetch(`${part === undefined ? service.base : service.baseOf(part)}/readyz`)).json()) as Readyz;
const codes = async (part?: string): Promise<readonly string[]> => ((await readyz(part)).warnings ?? []).map(({ code }) => code).sort();
const isOneProcess = (): boolean => service.parts.length === 1;
/** A start that must fail. @returns what stood on standard error */
async function refused(): Promise<string> {
  const before = service.errors.length;
  expect(await service.upToItsEnd()).toMatchObject({ code: 1 });
  await service.kill();
  return service.errors.slice(before).trimEnd();
}

it('begins with the genesis that the ceremony made, has its keys made, and goes on with it after a restart', async () => {
  const genesis = await held('first');
  configured(genesis);
  await service.up();
  // Of the genesis no part warns.
  expect(await codes()).toEqual(isOneProcess() ? ['ONE_PROCESS'] : []);
  for (const keyId of ['evidence', 'fw']) {
    const key = await eventually(() => service.admin.get<{ readonly status: string; readonly purpose: string }>(`/v1/keys/${keyId}`), ({ body }) => body.status === 'enabled', 20_000);
    expect(key.body).toMatchObject({ keyId });
  }
  // Behind the genesis, the signer has bound the pair of each.
  const head = async () => (await service.admin.get<{ readonly revision: number; readonly genesis: string; readonly quorum: number }>('/v1/control-plane')).body;
  expect(await eventually(head, ({ revision }) => revision >= 2)).toMatchObject({ genesis: genesis.digest, quorum: 2, revision: 2 });
  await service.stop();
  await service.up();
  const trail = await service.auditor.get<{ readonly items: readonly { readonly type: string }[] }>('/v1/audit/events?limit=200');
  const types = trail.body.items.map(({ type }) => type);
  expect(types.filter((type) => type === 'administration.genesis-laid.v1').length).toBeLessThanOrEqual(1);
  expect(types.filter((type) => type === 'keys.registration-requested.v1')).toHaveLength(2);
  expect((await service.admin.get<{ readonly status: string }>('/v1/keys/evidence')).body.status).toBe('enabled');
});

it('says what is not promised where no ceremony was held', async () => {
  await service.up();
  const { status, warnings = [] } = await readyz();
  expect(status).toBe('ready');
  expect(warnings.map(({ code }) => code)).toEqual(['NO_GENESIS', 'QUORUM_OF_ONE', ...(isOneProcess() ? ['ONE_PROCESS'] : [])]);
  const lines = (): readonly number[] => warnings.map(({ code, detail }) => service.log.split('\n').filter((line) => line.includes(`"${code}"`) && line.includes(detail)).length);
  expect(await eventually(() => Promise.resolve(lines()), (counts) => counts.every((count) => count > 0))).toEqual(warnings.map(() => 1));
  if (!isOneProcess()) expect(await codes('signer-1')).toEqual(['NO_GENESIS']);
});

it('does not start on a digest, a store, issuers or a quorum that say otherwise', async () => {
  const [genesis, another] = [await held('one'), await held('another')];
  const line = (text: string): unknown => expect.stringMatching(new RegExp(`^countersign: [^\\n]*${text}[^\\n]*$`));
  configured({ file: genesis.file, digest: another.digest });
  expect(await refused()).toEqual(line(`the digest of genesis.file is ${genesis.digest}, and genesis.digest is ${another.digest}`));
  // Nothing was written: the right one can be laid.
  configured(genesis);
  await service.up();
  await service.stop();
  configured(another);
  expect(await refused()).toEqual(line('the event store is that of the deployment [0-9a-f-]+, not of [0-9a-f-]+, as genesis.file says'));
  configured({ digest: another.digest });
  expect(await refused()).toEqual(line(`the control plane began with the genesis ${genesis.digest}, and the configuration wants ${another.digest}`));
  configured(genesis, { administration: { quorum: 3 } });
  expect(await refused()).toEqual(line('administration.quorum: is 3, and the control plane in force says 2'));
  configured(genesis, { identity: { issuers: [{ issuer: service.issuer.url, audience: 'other', jwksUri: `${service.issuer.url}/jwks` }] } });
  expect(await refused()).toEqual(line('identity.issuers: say otherwise than the control plane in force'));
  // The same again is no contradiction.
  configured(genesis, { administration: { quorum: 2 }, identity: { issuers: [{ issuer: service.issuer.url, audience: 'countersign', jwksUri: `${service.issuer.url}/jwks` }] } });
  await service.up();
  expect(await codes()).toEqual(isOneProcess() ? ['ONE_PROCESS'] : []);
  const changed = { ...(JSON.parse(readFileSync(genesis.file, 'utf8')) as object), quorum: 3 };
  writeFileSync(genesis.file, JSON.stringify(changed));
  await service.stop();
  expect(await refused()).toEqual(line('the digest of genesis.file is [0-9a-f]{64}, and genesis.digest is '));
});
