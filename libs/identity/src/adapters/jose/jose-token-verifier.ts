import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Principal, TokenVerifier, TrustedIssuer } from '../../contract.js';
import { isPlainText } from '../../domain/claims.js';
import { principalOf } from '../../domain/principal-of.js';
import { IssuerKeys, type KeysObserver } from './issuer-keys.js';
import { tokenKey, VerifiedTokens, type Validity } from './verified-tokens.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const SKEW_SECONDS = 60;
const MAX_TOKEN_LENGTH = 16_384;
const MAX_SUBJECT_LENGTH = 255;

export interface JoseTokenVerifierOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  readonly observer?: KeysObserver;
}

const refused = (detail: string): DomainError => new DomainError('UNAUTHENTICATED', detail);

/** Verifies bearer tokens (RFC 6750) that are signed JWTs of trusted OIDC issuers. A token seen within the last minute costs one hash. */
export class JoseTokenVerifier implements TokenVerifier {
  private readonly trusted: ReadonlyMap<string, { readonly issuer: TrustedIssuer; readonly keys: IssuerKeys }>;
  private readonly verified: VerifiedTokens;
  private readonly clock: Clock;

  constructor({ issuers, clock, observer = { keysNotFetched: () => undefined } }: JoseTokenVerifierOptions) {
    this.trusted = new Map(issuers.map((issuer) => [issuer.issuer, { issuer, keys: new IssuerKeys(issuer, clock, observer) }]));
    this.verified = new VerifiedTokens(clock);
    this.clock = clock;
  }

  async verify(authorizationHeader: string | undefined): Promise<Principal> {
    const token = bearerToken(authorizationHeader);
    const key = tokenKey(token);
    const known = this.verified.find(key);
    if (known !== null) return known;
    try {
      const { principal, validity } = await this.verifyAnew(token);
      this.verified.keep(key, principal, validity);
      return principal;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw refused(detailOf(error));
    }
  }

  private async verifyAnew(token: string): Promise<{ readonly principal: Principal; readonly validity: Validity }> {
    // Not verified yet: it only says whose keys to try.
    const { iss } = decodeJwt(token);
    const trusted = typeof iss === 'string' ? this.trusted.get(iss) : undefined;
    if (trusted === undefined) throw refused('The token is of an issuer that is not trusted here.');
    const { issuer, keys } = trusted;
    const { payload } = await jwtVerify(token, (header) => keys.keyFor(header), {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(this.clock.wall()),
      requiredClaims: ['exp', 'sub'],
    });
    return { principal: principalOf(issuer, subjectOf(payload), payload), validity: validityOf(payload) };
  }
}

/** RFC 6750, 2.1: one credential; the scheme in any case (RFC 9110, 11.1). */
function bearerToken(header: string | undefined): string {
  if (header === undefined || header === '') throw refused('A bearer token is needed.');
  if (header.length > MAX_TOKEN_LENGTH) throw refused('The token is too long.');
  const token = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) throw refused('The Authorization header must be one bearer token.');
  return token;
}

function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH || !isPlainText(sub)) {
    throw refused(`The token's subject must be text of 1 to ${MAX_SUBJECT_LENGTH} characters.`);
  }
  return sub;
}

function validityOf({ exp, nbf }: JWTPayload): Validity {
  // JSON knows 1e999, which is read as Infinity and would never expire
  if (exp === undefined || !Number.isFinite(exp)) throw refused('The token has no usable expiry.');
  return { from: nbf === undefined ? Number.NEGATIVE_INFINITY : (nbf - SKEW_SECONDS) * 1000, until: (exp + SKEW_SECONDS) * 1000 };
}

function detailOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'The token is for another audience.';
    if (error.claim === 'nbf') return 'The token is not valid yet.';
    if (error.claim === 'exp') return 'The token has no usable expiry.';
  }
  return 'The token is not valid.';
}
