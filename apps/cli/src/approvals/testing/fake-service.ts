import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import type { Credential, DecisionProof, DecisionStatement } from '#identity/contract.js';
import { decisionStatement } from '#identity/contract.js';
import { policiesDigest } from '#operations/application/policy-digest.js';
import { requestStatement } from '#operations/application/request-statement.js';
import type { StatedRequest } from '#operations/application/request-statement.js';

export const TOKEN = 'an-access-token';
export const OPERATION_ID = '0a8f3c52-6f0e-4a39-9d1a-3f3b5f8c2b11';
const KEY = { keyId: 'fw-prod', algorithm: 'ES256', publicKeySha256: 'ab'.repeat(32), maxUsageCount: 3, policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' } } as const;

/** How a service lies, or what it is asked about. */
export interface Behaviour {
  readonly request?: Partial<StatedRequest>;
  readonly operation?: Readonly<Record<string, unknown>>;
  readonly statement?: Partial<DecisionStatement> | string;
  readonly refuse?: { readonly at: 'GET' | 'challenge' | 'decision'; readonly status: number; readonly body: object };
}
export interface FakeService {
  readonly url: string;
  /** Bodies of the decisions that it took. */
  readonly decisions: readonly { readonly decision: string; readonly requestDigest: string; readonly comment?: string; readonly proof?: DecisionProof }[];
  /** Method and path of every call. */
  readonly calls: readonly string[];
  close(): Promise<void>;
}

/** One operation, by the wire contract; a proof is verified as the service would. */
export async function fakeService(credential: () => Credential | undefined, { request = {}, operation = {}, statement = {}, refuse }: Behaviour = {}): Promise<FakeService> {
  const at = '2026-11-20T12:00:00.000Z';
  const asked: StatedRequest = {
    deployment: 'd', operationId: OPERATION_ID, requestedBy: { issuer: 'https://idp.example', subject: 'orderer', name: 'Ora', claims: {} }, requestedAt: at, notBefore: at, expiresAt: '2026-11-20T13:00:00.000Z',
    description: 'Release 4.2.0', approverContext: null, keyUsages: [KEY], binding: null, grants: [], emergency: null, ...request,
  };
  const stated = requestStatement(asked);
  const challenges = new Map<string, string>();
  const decisions: FakeService['decisions'][number][] = [];
  const calls: string[] = [];
  let url = '';
  const answer = async (method: string, path: string, body: Record<string, unknown>): Promise<readonly [number, object]> => {
    if (method === 'GET' && path === `/v1/operations/${OPERATION_ID}`) return refuse?.at === 'GET' ? [refuse.status, refuse.body] : [200, { operationId: OPERATION_ID, state: 'pending', requestStatement: stated.statement, requestDigest: stated.digest, ...operation }];
    if (path === `/v1/operations/${OPERATION_ID}/decision-challenges`) {
      if (refuse?.at === 'challenge') return [refuse.status, refuse.body];
      const decision = body['decision'] === 'reject' ? 'reject' : 'approve';
      const usual: DecisionStatement = { operationId: OPERATION_ID, requestDigest: stated.digest, policyDigest: policiesDigest(asked.keyUsages, asked.grants), decision, nonce: randomUUID(), audience: url, at };
      const text = typeof statement === 'string' ? statement : decisionStatement({ ...usual, ...statement });
      const challengeId = randomUUID();
      challenges.set(challengeId, text);
      return [201, { challengeId, statement: text, expiresAt: at }];
    }
    if (path === `/v1/operations/${OPERATION_ID}/decisions`) {
      if (refuse?.at === 'decision') return [refuse.status, refuse.body];
      const taken = body as unknown as FakeService['decisions'][number];
      const known = credential();
      if (taken.proof !== undefined && known !== undefined) {
        const fault = await new CredentialProofVerifier().decision(taken.proof, challenges.get(taken.proof.challengeId) ?? '', known, { rpId: 'localhost', origin: url });
        if (fault !== undefined) return [422, fault];
      }
      decisions.push(taken);
      return [201, { state: 'approved' }];
    }
    return [404, { code: 'NOT_FOUND' }];
  };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      calls.push(`${incoming.method} ${incoming.url}`);
      const authorized = incoming.headers.authorization === `Bearer ${TOKEN}`;
      const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      void (authorized ? answer(incoming.method ?? '', incoming.url ?? '', body) : Promise.resolve([401, { code: 'UNAUTHENTICATED' }] as const)).then(([status, content]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, decisions, calls, close: () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())) };
}
