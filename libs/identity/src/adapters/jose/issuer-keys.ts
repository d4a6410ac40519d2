import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';
import type { Clock } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { TrustedIssuer } from '../../contract.js';
import { fetchJson } from './bounded-json.js';
import { isTrustedUrl } from './trusted-url.js';

/** While no keys were ever had, they are asked for at most this often. */
const FIRST_KEYS_PAUSE_MS = 2_000;
/** An unknown `kid` asks again at most this often, since anybody can send one. */
const UNKNOWN_KID_PAUSE_MS = 30_000;
/** A key that the issuer withdrew is believed for this long at most, while the issuer can be reached. */
const MAX_AGE_MS = 10 * 60_000;
const RENEWAL_PAUSE_MS = 30_000;

/** Told of what an operator should know. `reason` holds nothing of a token. */
export interface KeysObserver {
  keysNotFetched(issuer: string, reason: string): void;
}

type Lookup = (header: JWTHeaderParameters) => Promise<CryptoKey>;

/** The public keys of one issuer: fetched when first needed, kept while the issuer is down, renewed behind the requests' back. */
export class IssuerKeys {
  private lookup: Lookup | null = null;
  private fetchedAt = 0;
  private lastAttemptAt = Number.NEGATIVE_INFINITY;
  private lastUnknownKidAt = Number.NEGATIVE_INFINITY;
  private underWay: Promise<boolean> | null = null;

  constructor(
    private readonly issuer: Pick<TrustedIssuer, 'issuer' | 'jwksUri'>,
    private readonly clock: Clock,
    private readonly observer: KeysObserver,
  ) {}

  /** @throws DomainError IDENTITY_UNAVAILABLE, or an error of jose when no key fits */
  async keyFor(header: JWTHeaderParameters): Promise<CryptoKey> {
    const lookup = this.lookup ?? (await this.firstKeys());
    this.renewWhenOld();
    try {
      return await lookup(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || header.kid === undefined || !(await this.fetchForUnknownKid())) throw error;
      return (this.lookup ?? lookup)(header);
    }
  }

  private async firstKeys(): Promise<Lookup> {
    if (this.underWay !== null || this.clock.monotonic() - this.lastAttemptAt >= FIRST_KEYS_PAUSE_MS) await this.fetchShared();
    if (this.lookup !== null) return this.lookup;
    throw new DomainError('IDENTITY_UNAVAILABLE', 'The keys of the token\'s issuer can not be fetched at present.', { retryAfterSeconds: FIRST_KEYS_PAUSE_MS / 1000 });
  }

  private renewWhenOld(): void {
    const now = this.clock.monotonic();
    if (now - this.fetchedAt >= MAX_AGE_MS && now - this.lastAttemptAt >= RENEWAL_PAUSE_MS) void this.fetchShared();
  }

  private async fetchForUnknownKid(): Promise<boolean> {
    // who comes while the keys are on their way shares the answer
    if (this.underWay === null) {
      const now = this.clock.monotonic();
      if (now - this.lastUnknownKidAt < UNKNOWN_KID_PAUSE_MS) return false;
      this.lastUnknownKidAt = now;
    }
    return this.fetchShared();
  }

  /** Never throws; false when the keys stayed what they were. */
  private fetchShared(): Promise<boolean> {
    this.underWay ??= this.fetchOnce().finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  private async fetchOnce(): Promise<boolean> {
    this.lastAttemptAt = this.clock.monotonic();
    try {
      const keySet = await fetchJson(this.issuer.jwksUri ?? (await this.discover()));
      const lookup = createLocalJWKSet(keySet as JSONWebKeySet);
      this.lookup = (header) => lookup(header);
      this.fetchedAt = this.clock.monotonic();
      return true;
    } catch (error) {
      this.observer.keysNotFetched(this.issuer.issuer, reasonOf(error));
      return false;
    }
  }

  /** OpenID Connect Discovery 1.0, sections 4 and 4.3: the document must name the issuer itself. */
  private async discover(): Promise<string> {
    const document = await fetchJson(`${this.issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: jwksUri } = (typeof document === 'object' && document !== null ? document : {}) as { issuer?: unknown; jwks_uri?: unknown };
    if (issuer !== this.issuer.issuer) throw new Error('its discovery document is of another issuer');
    if (!isTrustedUrl(jwksUri)) throw new Error('its discovery document names no jwks_uri that is https, or http on a loopback address');
    return jwksUri;
  }
}

/** `fetch` hides the reason (ECONNREFUSED and the like) in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = (typeof error === 'object' && error !== null ? error : {}) as { message?: unknown; cause?: unknown };
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return [typeof message === 'string' ? message : 'unknown error', ...(typeof code === 'string' ? [code] : [])].join(': ').slice(0, 300);
}
