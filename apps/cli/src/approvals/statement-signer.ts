import { jwsInput, jwsOf } from '#identity/adapters/proofs/sign-jws.js';
import type { JwsAlgorithm } from '#identity/adapters/proofs/sign-jws.js';
import type { PublicJwk } from '#identity/contract.js';

/** An approver's private key, wherever it is. */
export interface StatementSigner {
  readonly algorithm: JwsAlgorithm;
  readonly publicJwk: PublicJwk;
  /** @param input of a JWS @returns 64 bytes: r and s, or Ed25519's */
  sign(input: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A statement as a compact JWS of a credential. */
export async function signedStatement(statement: string, credentialId: string, signer: StatementSigner): Promise<string> {
  const input = jwsInput(statement, credentialId, signer.algorithm);
  return jwsOf(input, await signer.sign(input));
}
