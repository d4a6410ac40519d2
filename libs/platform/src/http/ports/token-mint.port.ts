/** Injection token of the `TokenMint`: provided in the development profile alone. */
export const TOKEN_MINT = Symbol('TokenMint');

/** Makes access tokens of the fixed development users. */
export interface TokenMint {
  /** @returns undefined when there is no such user */
  mintToken(user: string): Promise<string | undefined>;
}
