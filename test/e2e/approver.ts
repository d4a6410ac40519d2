import type { KeyObject } from 'node:crypto';
import { signJws } from '#identity/adapters/proofs/sign-jws.js';
import { orderStatement } from '#identity/contract.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, Person } from './person.js';

/** Somebody with a key of his own, enrolled. */
export class Signatory {
  private constructor(readonly person: Person, readonly credentialId: string, readonly privateKey: KeyObject) {}

  /** Proposes a credential, and has administrators confirm it. */
  static async enrolled(person: Person, confirmedBy: readonly Person[], type: 'ES256' | 'EdDSA' = 'ES256'): Promise<Signatory> {
    const { privateKey, publicJwk } = newKeyPair(type);
    const proposed = expected(await person.post<{ readonly credentialId: string; readonly operationId: string; readonly status: string }>('/v1/credentials', { type: 'jwk', publicJwk, label: 'laptop' }), 202);
    expect(proposed.status).toBe('proposed');
    const operation = expected(await (confirmedBy[0] ?? person).reads(proposed), 200);
    for (const administrator of confirmedBy) expected(await administrator.approves(operation), 201);
    const signatory = new Signatory(person, proposed.credentialId, privateKey);
    await signatory.until('active');
    return signatory;
  }

  async until(status: string): Promise<void> {
    await eventually(async () => expected(await this.person.get<{ readonly items: readonly { readonly credentialId: string; readonly status: string }[] }>('/v1/credentials'), 200).items.find((c) => c.credentialId === this.credentialId)?.status, (s) => s === status);
  }

  /** A signed approval, as it is sent. */
  async proof(operation: Pick<OperationView, 'operationId'>, decision: 'approve' | 'reject' = 'approve'): Promise<{ readonly type: 'jws'; readonly challengeId: string; readonly jws: string }> {
    const { challengeId, statement } = expected(await this.person.challenged(operation, { decision }), 201);
    return { type: 'jws', challengeId, jws: this.signs(statement) };
  }
  async approves(operation: Pick<OperationView, 'operationId' | 'requestDigest'>): Promise<Answer<OperationView>> {
    return this.person.approves(operation, { proof: await this.proof(operation) });
  }
  /** A sign order with its orderer's own signature (rule 20). */
  orders({ operationId, requestDigest }: Pick<OperationView, 'operationId' | 'requestDigest'>, keyId: string, digests: readonly string[], idempotencyKey: string): Promise<Answer<SignOrderView>> {
    const jws = this.signs(orderStatement({ operationId, requestDigest, idempotencyKey, keyId, digests }));
    return this.person.post(`/v1/operations/${operationId}/sign-orders`, { keyId, digests, digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws } }, { key: idempotencyKey });
  }
  signs = (statement: string): string => signJws(statement, this.credentialId, this.privateKey);
}
