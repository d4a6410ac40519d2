import { createHmac, createPublicKey, randomUUID, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { listen } from './listen.js';

export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
}
export type Claims = Readonly<Record<string, unknown>>;

/** An issuer of ES256 tokens on a loopback port of its own. */
export interface Issuer {
  readonly url: string;
  readonly kid: string;
  readonly publicKeyPem: string;
  /** A good token, valid from 4 h ago to 4 h ahead: tests turn clocks. */
  token(subject: string, roles: readonly string[], claims?: Claims): string;
  /** The claims of a good token. */
  claims(subject: string, roles: readonly string[], claims?: Claims): Claims;
  /** Any token at all: header and claims as given. @param key unless told, the issuer's; for HS256 a text, for `none` nothing is signed */
  sign(header: TokenHeader, claims: Claims, key?: KeyObject | string): string;
  /** Its clock is so far ahead from now on: tests turn clocks by days, too. */
  turn(seconds: number): void;
  close(): Promise<void>;
}

const HOURS_4 = 4 * 3600;
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startIssuer(audience = 'countersign'): Promise<Issuer> {
  const pair = newKeyPair('ES256');
  const kid = randomUUID();
  const jwks = JSON.stringify({ keys: [{ ...pair.publicJwk, kid, alg: 'ES256', use: 'sig' }] });
  let url = '';
  let ahead = 0;
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/jwks') response.end(jwks);
    else if (request.url === '/.well-known/openid-configuration') response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, id_token_signing_alg_values_supported: ['ES256'] }));
    else response.writeHead(404).end('{}');
  });
  url = `http://127.0.0.1:${await listen(server)}`;

  const claims: Issuer['claims'] = (subject, roles, more = {}) => {
    const now = Math.floor(Date.now() / 1000) + ahead;
    return { iss: url, aud: audience, sub: subject, name: `Name of ${subject}`, iat: now, nbf: now - HOURS_4, exp: now + HOURS_4, roles, ...more };
  };
  const sign: Issuer['sign'] = (header, payload, key = pair.privateKey) => {
    const input = `${part(header)}.${part(payload)}`;
    if (header.alg === 'none') return `${input}.`;
    if (typeof key === 'string') return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
    return `${input}.${signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  return {
    url, kid, claims, sign,
    turn: (seconds) => void (ahead = seconds),
    publicKeyPem: createPublicKey(pair.privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    token: (subject, roles, more) => sign({ alg: 'ES256', kid, typ: 'JWT' }, claims(subject, roles, more)),
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
