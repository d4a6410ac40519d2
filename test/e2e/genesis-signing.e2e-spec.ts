import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { orderStatement } from '#identity/contract.js';
import { runProgram } from '#test/demo/program.js';
import { jwsApprover } from '#test/fixtures/approver.js';
import type { JwsApprover } from '#test/fixtures/approver.js';
import type { Client } from '#test/system/client.js';
import { Service } from '#test/system/service.js';
import { digest, eventually } from '#test/system/steps.js';
import type { Operation, SignOrder } from '#test/system/steps.js';

const KEYS = new Map(['admin-1', 'admin-2', 'admin-3', 'approver-1', 'approver-2', 'approver-3', 'orderer-1'].map((subject) => [subject, jwsApprover()]));
const keyOf = (subject: string): JwsApprover => {
  const found = KEYS.get(subject);
  if (found === undefined) throw new Error(`${subject} has no key`);
  return found;
};

let service: Service;
beforeAll(async () => {
  service = await Service.create();
  const account = (subject: string) => ({ issuer: service.issuer.url, subject });
  const yaml = join(service.dir, 'ceremony.yaml');
  const genesis = {
    rpId: '127.0.0.1', origin: service.base, minimumProof: 'signature', quorum: 2, administrators: ['admin-1', 'admin-2', 'admin-3'].map(account),
    credentials: [...KEYS].map(([subject, { credential }]) => ({ credentialId: credential.credentialId, owner: account(subject), label: subject, key: credential.key })),
    rosters: [{ group: 'firmware-approvers', members: ['approver-1', 'approver-2'].map(account) }],
    policies: [{ name: 'two', policy: { type: 'approvers', count: 2, group: 'firmware-approvers' } }], issuers: [{ issuer: service.issuer.url, audience: 'countersign', jwksUri: `${service.issuer.url}/jwks` }],
    keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'two' } }],
  };
  writeFileSync(yaml, stringify(genesis));
  const { code, out, err } = await runProgram('apps/cli/src/main', ['ceremony', yaml, '--out', join(service.dir, 'genesis')]);
  if (code !== 0) throw new Error(err);
  service.configure({ genesis: { digest: out.trim(), file: join(service.dir, 'genesis', 'genesis.json') }, identity: { issuers: [] } });
  await service.up();
  await eventually(() => service.admin.get<{ readonly revision: number }>('/v1/control-plane'), ({ body }) => body.revision >= 2, 20_000);
});
afterAll(Service.closeAll);

const asked = async (uses: number): Promise<Operation> => (await service.orderer.post<Operation>('/v1/operations', { keyUsages: [{ keyId: 'fw', maxUsageCount: uses }], description: 'a release', validMs: 3_600_000 })).body;
async function approves(by: Client, { operationId, requestDigest }: Operation): Promise<{ readonly status: number; readonly code: string | undefined }> {
  const key = keyOf(by.subject);
  const challenge = await by.post<{ readonly challengeId: string; readonly statement: string }>(`/v1/operations/${operationId}/decision-challenges`, { decision: 'approve', credentialId: key.credential.credentialId });
  if (challenge.status !== 201) return challenge;
  const { challengeId, statement } = challenge.body;
  return by.post(`/v1/operations/${operationId}/decisions`, { decision: 'approve', requestDigest, proof: { type: 'jws', challengeId, jws: key.jws(statement) } });
}
async function ordered({ operationId, requestDigest }: Operation, idempotencyKey: string): Promise<SignOrder> {
  const digests = [digest()];
  const jws = keyOf('orderer-1').jws(orderStatement({ operationId, requestDigest, idempotencyKey, keyId: 'fw', digests }));
  const { status, body } = await service.orderer.post<SignOrder>(`/v1/operations/${operationId}/sign-orders`, { keyId: 'fw', digests, digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws } }, { 'idempotency-key': idempotencyKey });
  if (status === 202) return (await eventually(() => service.orderer.get<SignOrder>(`/v1/operations/${operationId}/sign-orders/${body.signOrderId}`), (answer) => answer.body.state !== 'reserved' && answer.body.state !== 'signing')).body;
  return body;
}
const approver = (n: 0 | 1 | 2): Client => service.approvers[n] ?? service.orderer;

it('rules 20 to 25: under a pinned genesis what people signed is signed, also after a restart', async () => {
  const operation = await asked(2);
  const unsigned = await approver(0).post(`/v1/operations/${operation.operationId}/decisions`, { decision: 'approve', requestDigest: operation.requestDigest });
  expect(unsigned.code).toBe('PROOF_REQUIRED');
  // His token says that he is of the group, and the roster does not.
  expect((await approves(approver(2), operation)).code).toBe('NOT_ELIGIBLE');
  expect((await approves(approver(0), operation)).status).toBe(201);
  expect((await approves(approver(1), operation)).status).toBe(201);
  expect(await ordered(operation, 'first')).toMatchObject({ state: 'completed' });
  await service.stop();
  await service.up();
  expect(await ordered(operation, 'second')).toMatchObject({ state: 'completed' });
});

it('rule 20: an order that its orderer did not sign is none', async () => {
  const operation = await asked(1);
  for (const n of [0, 1] as const) expect((await approves(approver(n), operation)).status).toBe(201);
  const answer = await service.orderer.post(`/v1/operations/${operation.operationId}/sign-orders`, { keyId: 'fw', digests: [digest()], digestAlgorithm: 'SHA-256' });
  expect(answer.code).toBe('PROOF_REQUIRED');
});
