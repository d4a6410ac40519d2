import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID, sign } from 'node:crypto';
import { newKeyPair } from '../fixtures/key-pair.js';

export interface BenchIssuer {
  readonly url: string;
  /** A bearer token of an hour. */
  token(subject: string, roles: readonly string[], groups?: readonly string[]): string;
  close(): void;
}

export const AUDIENCE = 'countersign';
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OIDC issuer on a loopback address: its keys, and tokens without a login. */
export async function startBenchIssuer(): Promise<BenchIssuer> {
  const { privateKey, publicJwk } = newKeyPair('ES256');
  const kid = randomUUID();
  const keys = JSON.stringify({ keys: [{ ...publicJwk, kid, alg: 'ES256', use: 'sig' }] });
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token(subject, roles, groups = []) {
      const now = Math.floor(Date.now() / 1000);
      const signed = `${base64url({ alg: 'ES256', kid, typ: 'JWT' })}.${base64url({ iss: url, aud: AUDIENCE, sub: subject, name: subject, iat: now, exp: now + 3_600, roles, groups })}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    },
    close: () => void server.close(),
  };
}
