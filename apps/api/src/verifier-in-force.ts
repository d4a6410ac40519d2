import { JoseTokenVerifier } from '#identity/adapters/jose/jose-token-verifier.js';
import type { TokenVerifier, TrustedIssuer } from '#identity/contract.js';
import type { Log } from '#platform/logging/log.js';
import { systemClock } from '#platform/time/system-clock.js';

/** Believes tokens of the issuers that are trusted now. When others are, nothing of before is kept: no token, and no issuer's key. */
export function verifierInForce(issuers: () => readonly TrustedIssuer[], log: Log): TokenVerifier {
  let current: { readonly of: readonly TrustedIssuer[]; readonly verifier: TokenVerifier } | undefined;
  return {
    verify(authorization) {
      const now = issuers();
      if (current?.of !== now) current = { of: now, verifier: new JoseTokenVerifier({ issuers: now, clock: systemClock, observer: { keysNotFetched: (issuer, reason) => log.warn({ issuer, reason }, 'the keys of an issuer could not be had') } }) };
      return current.verifier.verify(authorization);
    },
  };
}
