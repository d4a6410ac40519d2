import type { Actor } from '#kernel/actor.js';
import { publicJwkOf } from '#identity/contract.js';
import type { CredentialKey } from '#identity/contract.js';
import { isObject, MAX_TEXT, readObject, textItem } from './members.js';
import type { Checked } from './members.js';
import { readActor } from './people.js';

/** Longest COSE key and credential id that are taken, in characters of base64url. */
const MAX_COSE = 2_048;
const MAX_WEBAUTHN_ID = 1_364;
const BASE64URL = (max: number): RegExp => new RegExp(`^[A-Za-z0-9_-]{1,${max}}$`);
export const CREDENTIAL_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/;

export function readCredentialKey(value: unknown, at: string): Checked<CredentialKey> {
  if (!isObject(value) || value['type'] !== 'webauthn') return readJwkKey(value, at);
  return readObject(value, at, (m) => ({
    type: m.oneOf('type', ['webauthn']),
    id: m.fitting('id', BASE64URL(MAX_WEBAUTHN_ID), 'must be base64url'),
    publicKey: m.fitting('publicKey', BASE64URL(MAX_COSE), 'must be base64url'),
    transports: m.list('transports', 10, textItem(1, 20)),
    backupEligible: m.flag('backupEligible'),
  }));
}

const readJwkKey = (value: unknown, at: string): Checked<CredentialKey> =>
  readObject(value, at, (m) => ({
    type: m.oneOf('type', ['jwk']),
    publicJwk: m.part('publicJwk', (jwk, path) => {
      const read = publicJwkOf(jwk, path);
      return 'publicJwk' in read ? { value: read.publicJwk } : read;
    }),
  }));

/** A key and whose it is. */
export interface Enrolment {
  readonly credentialId: string;
  readonly owner: Actor;
  readonly label: string;
  readonly key: CredentialKey;
}

/** What administrators confirm: not the wire's body, which may be a browser's registration, but the key that the service read from it. */
export function readEnrolment(body: unknown, at = ''): Checked<Enrolment> {
  return readObject(body, at, (m) => ({
    credentialId: m.fitting('credentialId', CREDENTIAL_ID, 'must be an id'),
    owner: m.part('owner', readActor),
    label: m.text('label'),
    key: m.part('key', readCredentialKey),
  }));
}

export const readReason = (body: unknown): Checked<{ readonly reason: string }> => readObject(body, '', (m) => ({ reason: m.text('reason', 1, MAX_TEXT) }));
