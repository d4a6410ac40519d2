import type { Instant } from '#kernel/clock.js';
import type { ActData, Authority, SignedDecision } from './act.js';
import { isObject, MAX_TEXT, readObject } from './members.js';
import type { Checked, Members } from './members.js';
import { readActor } from './people.js';
import type { ActRefused, KeyBound } from './events.js';

// What a store hands out may be anybody's: its shape is looked at before it is used.
const MAX_STATEMENT = 400_000;
const MAX_DECISIONS = 100;
const STORED_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const PREVIOUS = /^[A-Za-z0-9+/]{43}=$/;
const HEX = /^[0-9a-f]{64}$/;

const at = (m: Members): Instant => m.fitting('at', STORED_INSTANT, 'must be a time');
const orNull = <T>(m: Members, name: string, read: (name: string) => T): T | null => (m.raw(name) === null ? null : read(name));
const previous = (m: Members): string | null => orNull(m, 'previous', (name) => m.fitting(name, PREVIOUS, 'must be a digest'));
const method = (m: Members): string => m.fitting('method', /^[A-Z]{3,7}$/, 'must be a method');

export const readActData = (value: unknown): Checked<ActData> =>
  readObject(value, '', (m) => ({
    method: method(m),
    path: m.fitting('path', /^\/[\x21-\x7e]{1,2000}$/, 'must be a path'),
    body: m.raw('body'),
    by: m.part('by', readActor),
    at: at(m),
    previous: previous(m),
    authority: m.part('authority', readAuthority),
    proof: orNull(m, 'proof', (name) => m.text(name, 1, MAX_STATEMENT)),
  }));

const readAuthority = (value: unknown, path: string): Checked<Authority> =>
  readObject<Authority>(value, path, (m) => {
    const type = m.oneOf('type', ['direct', 'session', 'operation']);
    if (type === 'session') return { type, sessionId: m.text('sessionId') };
    if (type === 'operation') return { type, operationId: m.text('operationId'), statement: m.text('statement', 1, MAX_STATEMENT), decisions: m.list('decisions', MAX_DECISIONS, readDecision) };
    return { type };
  });

/** What a proof is made of, its verifier looks at. */
const readDecision = (value: unknown, path: string): Checked<SignedDecision> =>
  readObject(value, path, (m) => ({ by: m.part('by', readActor), proof: orNull(m, 'proof', (name) => m.part(name, readProof)) }));

function readProof(value: unknown, path: string): Checked<NonNullable<SignedDecision['proof']>> {
  const isProof = isObject(value) && typeof value['credentialId'] === 'string' && typeof value['statement'] === 'string' && (value['type'] === 'jws' || value['type'] === 'webauthn');
  return isProof ? { value: value as unknown as NonNullable<SignedDecision['proof']> } : { faults: [{ path, message: 'is no proof' }] };
}

export const readKeyBound = (value: unknown): Checked<KeyBound['data']> =>
  readObject(value, '', (m) => ({ keyId: m.text('keyId'), publicKeySha256: m.fitting('publicKeySha256', HEX, 'must be a digest in hex'), signer: m.text('signer'), at: at(m), previous: previous(m) }));

export const readActRefused = (value: unknown): Checked<ActRefused['data']> =>
  readObject(value, '', (m) => ({ operationId: m.text('operationId'), by: m.part('by', readActor), code: m.text('code'), detail: m.text('detail', 1, MAX_TEXT), at: at(m), previous: previous(m) }));
