import type { Principal } from '#identity/contract.js';

/** Injection token of the `Authenticator`. */
export const AUTHENTICATOR = Symbol('Authenticator');

/** Tells who calls. */
export interface Authenticator {
  /**
   * @param authorization the `Authorization` header as it came
   * @throws DomainError UNAUTHENTICATED, IDENTITY_UNAVAILABLE
   */
  verify(authorization: string | undefined): Promise<Principal>;
}
