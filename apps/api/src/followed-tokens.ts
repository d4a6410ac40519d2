import type { TokenVerifier, TrustedIssuer } from '#identity/contract.js';

/** Verifies tokens of whoever is trusted at the time: a verifier lives as long as its list of issuers. */
export function followedTokens(issuers: () => readonly TrustedIssuer[], verifierOf: (issuers: readonly TrustedIssuer[]) => TokenVerifier): TokenVerifier {
  let known: { readonly issuers: readonly TrustedIssuer[]; readonly verifier: TokenVerifier } | undefined;
  return {
    verify(authorizationHeader) {
      const now = issuers();
      if (known?.issuers !== now) known = { issuers: now, verifier: verifierOf(now) };
      return known.verifier.verify(authorizationHeader);
    },
  };
}
