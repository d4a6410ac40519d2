import type { KeyObject } from 'node:crypto';
import { actStatement, canonicalDigest, orderStatement } from '#identity/contract.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { signJws } from '#test/fixtures/sign-jws.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, Person } from './person.js';

type Asking = Pick<OperationView, 'operationId' | 'requestDigest'>;
/** Whoever approves, with his token alone or with a signature. */
export interface Approving {
  readonly approves: (operation: OperationView) => Promise<Answer<OperationView>>;
}
export interface Proposed {
  readonly operationId: string;
}
export interface JwsProof {
  readonly type: 'jws';
  readonly challengeId: string;
  readonly jws: string;
}

/** Somebody with a key of his own: of the genesis, or enrolled. */
export class Signatory {
  constructor(readonly person: Person, readonly credentialId: string, readonly privateKey: KeyObject) {}

  /** Proposes a credential, and has administrators confirm it. */
  static async enrolled(person: Person, confirmedBy: readonly Approving[], type: 'ES256' | 'EdDSA' = 'ES256'): Promise<Signatory> {
    const { privateKey, publicJwk } = newKeyPair(type);
    return new Signatory(person, await enrols(person, { type: 'jwk', publicJwk, label: 'laptop' }, confirmedBy), privateKey);
  }

  until = (status: string): Promise<unknown> => untilCredential(this.person, this.credentialId, status);

  /** A signed decision, as it is sent. */
  async proof(operation: Proposed, decision: 'approve' | 'reject' = 'approve'): Promise<JwsProof> {
    const { challengeId, statement } = expected(await this.person.challenged(operation, { decision }), 201);
    return { type: 'jws', challengeId, jws: this.signs(statement) };
  }
  approves = async (operation: Asking): Promise<Answer<OperationView>> => this.person.approves(operation, { proof: await this.proof(operation) });
  /** A sign order with its orderer's own signature (rule 20). */
  orders = (operation: Asking, keyId: string, digests: readonly string[], idempotencyKey: string): Promise<Answer<SignOrderView>> => this.ordering(operation, keyId, digests, idempotencyKey)();
  /** The same order, to be sent as often as is wanted: signed once. */
  ordering({ operationId, requestDigest }: Asking, keyId: string, digests: readonly string[], idempotencyKey: string): () => Promise<Answer<SignOrderView>> {
    const jws = this.signs(orderStatement({ operationId, requestDigest, idempotencyKey, keyId, digests }));
    return () => this.person.post(`/v1/operations/${operationId}/sign-orders`, { keyId, digests, digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws } }, { key: idempotencyKey });
  }
  /** An act of the control plane, signed over its head (rule 22). @param previous another head than there is */
  async acts<T = Proposed>(method: string, path: string, body?: unknown, { session = null, previous }: { readonly session?: string | null; readonly previous?: string } = {}): Promise<Answer<T>> {
    const { head } = expected(await this.person.get<{ readonly head: string | null }>('/v1/control-plane'), 200);
    const statement = actStatement({ method, path, bodyDigest: canonicalDigest(body ?? {}), session, previous: previous ?? head });
    return this.person.send<T>(method, path, body, { headers: { 'countersign-proof': this.signs(statement) } });
  }
  signs = (statement: string): string => signJws(statement, this.credentialId, this.privateKey);
}

/** A credential that its owner proposes, and others confirm. @returns its id, once it is active */
export async function enrols(person: Person, body: unknown, confirmedBy: readonly Approving[]): Promise<string> {
  const proposed = expected(await person.post<Proposed & { readonly credentialId: string; readonly status: string }>('/v1/credentials', body), 202);
  expect(proposed.status).toBe('proposed');
  const operation = expected(await person.reads(proposed), 200);
  for (const administrator of confirmedBy) expected(await administrator.approves(operation), 201);
  await untilCredential(person, proposed.credentialId, 'active');
  return proposed.credentialId;
}

async function untilCredential(owner: Person, credentialId: string, status: string): Promise<void> {
  const shown = async () => expected(await owner.get<{ readonly items: readonly { readonly credentialId: string; readonly status: string }[] }>('/v1/credentials'), 200).items.find((c) => c.credentialId === credentialId)?.status;
  await eventually(shown, (now) => now === status);
}
