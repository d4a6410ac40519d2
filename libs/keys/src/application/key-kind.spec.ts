import { readdirSync, readFileSync } from 'node:fs';
import { UnknownEventTypeError } from '#eventing/event-codec.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { keyDecider } from '../domain/key/decide.js';
import type { KeyCommand } from '../domain/key/commands.js';
import type { KeyEvent, PairClaimed, RegistrationKeyed, RegistrationRequested, RegistrationTaken } from '../domain/key/events.js';
import type { KeyState } from '../domain/key/state.js';
import { keyKind } from './key-kind.js';
import { viewKey } from './view-key.js';

const TESTDATA = new URL('../domain/key/testdata/', import.meta.url);
const golden = (type: string): { readonly type: string; readonly data: unknown } => JSON.parse(readFileSync(new URL(`${type}.json`, TESTDATA), 'utf8')) as { type: string; data: unknown };
const recorded = (type: string, data: unknown): RecordedEvent => ({
  id: 'e', type, data, stream: 'key-fw-prod', revision: 0, position: 1n, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});
const decoded = (type: string): KeyEvent => keyKind.decode(recorded(type, golden(type).data));
const fold = (...types: readonly string[]): KeyState => types.map(decoded).reduce(keyKind.evolve, keyKind.initialState);

const BY = { issuer: 'https://idp.example', subject: 'admin1' };
const REQUEST = 'keys.registration-requested.v1';
const DONE = 'keys.registered.v1';

/** What makes each stored event today: a change of its shape shows against the golden file. */
const MADE: Readonly<Record<KeyEvent['type'], { readonly given: readonly string[]; readonly when: KeyCommand }>> = {
  'keys.registration-requested.v1': {
    given: [],
    when: {
      type: 'request-registration', at: '2026-11-20T12:00:00.000Z',
      registration: {
        keyId: 'fw-prod', purpose: 'firmware', algorithm: 'PS256', modulusBits: 3072, approvalPolicy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
        description: 'Firmware of the pump controller', requesters: { group: 'firmware', role: null }, adopt: null, ckaIdHex: '0123456789abcdef0123456789abcdef01234567',
      },
    },
  },
  'keys.registered.v1': {
    given: [REQUEST],
    when: {
      type: 'complete-registration', attempt: 1,
      registered: {
        publicKey: 'MFkwEwYHKoZIzj0CAQ==', publicKeySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        ckaIdHex: '0123456789abcdef0123456789abcdef01234567', tokenSerial: 'd1a9c2f0b7e64c11', signer: 'signer-1',
      },
    },
  },
  'keys.registration-failed.v1': { given: [REQUEST], when: { type: 'fail-registration', attempt: 1, failure: { code: 'HSM_UNAVAILABLE', detail: 'the HSM can not be reached' } } },
  'keys.policy-changed.v1': { given: [REQUEST, DONE], when: { type: 'change-policy', approvalPolicy: { type: 'none' }, by: BY } },
  'keys.disabled.v1': { given: [REQUEST, DONE], when: { type: 'disable', reason: 'leaked', by: BY } },
  'keys.enabled.v1': { given: [REQUEST, DONE, 'keys.disabled.v1'], when: { type: 'enable', reason: 'checked', by: BY } },
};
const BESIDE = {
  'keys.registration-keyed.v1': { type: 'keys.registration-keyed.v1', data: { keyId: 'fw-prod' } } satisfies RegistrationKeyed,
  'keys.pair-claimed.v1': { type: 'keys.pair-claimed.v1', data: { keyId: 'fw-prod', publicKeySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' } } satisfies PairClaimed,
  'keys.registration-taken.v1': { type: 'keys.registration-taken.v1', data: { keyId: 'fw-prod', signer: 'signer-1', incarnation: '5d0c6a51-6a0e-4c0b-9b57-6c5c3a4f8b7d' } } satisfies RegistrationTaken,
};

describe('stored events of keys', () => {
  it('each has its golden file', () => expect(readdirSync(TESTDATA).sort()).toEqual([...Object.keys(MADE), ...Object.keys(BESIDE)].map((t) => `${t}.json`).sort()));
  it.each(Object.entries(MADE))('%s is written as it ever was', (type, { given, when }) => {
    expect(JSON.parse(JSON.stringify(keyDecider.decide(when, fold(...given))))).toEqual([golden(type)]);
  });
  it.each(Object.entries(BESIDE))('%s is written as it ever was', (type, event) => expect(golden(type)).toEqual(event));
  it('an unknown one stops the reader', () => expect(() => keyKind.decode(recorded('keys.registered.v9', {}))).toThrow(UnknownEventTypeError));

  it('are read as they ever were', () => {
    const { requestedAt, ...asked } = (golden(REQUEST) as RegistrationRequested).data;
    const creating = { ...asked, status: 'creating', publicKey: null, publicKeySha256: null, tokenSerial: null, disabledOnceRegistered: false, failure: null, createdAt: requestedAt };
    const pair = {
      publicKey: 'MFkwEwYHKoZIzj0CAQ==', publicKeySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', tokenSerial: 'd1a9c2f0b7e64c11', ckaIdHex: '0123456789abcdef0123456789abcdef01234567',
    };
    expect(fold(REQUEST)).toEqual(creating);
    expect(fold(REQUEST, DONE)).toEqual({ ...creating, ...pair, status: 'enabled' });
    expect(fold(REQUEST, 'keys.registration-failed.v1')).toEqual({ ...creating, status: 'failed', failure: { code: 'HSM_UNAVAILABLE', detail: 'the HSM can not be reached' } });
    expect(fold(REQUEST, DONE, 'keys.policy-changed.v1').approvalPolicy).toEqual({ type: 'none' });
    expect(fold(REQUEST, DONE, 'keys.disabled.v1').status).toBe('disabled');
    expect(fold(REQUEST, DONE, 'keys.disabled.v1', 'keys.enabled.v1')).toEqual(fold(REQUEST, DONE));
  });
});

describe('what a key is remembered by', () => {
  it.each<[KeyEvent['type'], boolean, boolean]>([
    ['keys.registration-requested.v1', true, false],
    ['keys.registered.v1', false, false],
    ['keys.registration-failed.v1', false, true],
    ['keys.policy-changed.v1', true, false],
    ['keys.disabled.v1', true, false],
    ['keys.enabled.v1', true, false],
  ])('rule 3: %s is an answer: %p, ends earlier answers: %p', (type, remembers, forgets) => {
    expect(keyKind.remembers(decoded(type))).toBe(remembers);
    expect(keyKind.forgets?.(decoded(type))).toBe(forgets);
  });
  it('its snapshot is its state', () => {
    const state = fold(REQUEST, DONE);
    expect(keyKind.fromJson(JSON.parse(JSON.stringify(keyKind.toJson(state))) as never)).toEqual(state);
  });
});

describe('the view of a key', () => {
  const pem = (spki: string): string => `pem of ${spki}`;
  it('is nothing while there is none', () => {
    expect(viewKey(keyKind.initialState, -1, pem)).toBeUndefined();
    expect(viewKey(fold(REQUEST, 'keys.registration-failed.v1'), 1, pem)).toBeUndefined();
  });
  it('shows the key', () => {
    expect(viewKey(fold(REQUEST), 0, pem)).toEqual({
      keyId: 'fw-prod', purpose: 'firmware', algorithm: 'PS256', publicKeyPem: null, approvalPolicy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
      description: 'Firmware of the pump controller', requesters: { group: 'firmware' }, status: 'creating', createdAt: '2026-11-20T12:00:00.000Z', revision: 0,
    });
    expect(viewKey(fold(REQUEST, DONE), 1, pem)).toMatchObject({ publicKeyPem: 'pem of MFkwEwYHKoZIzj0CAQ==', status: 'enabled', revision: 1 });
    expect(viewKey({ ...fold(REQUEST), requesters: null }, 0, pem)?.requesters).toBeNull();
    expect(viewKey({ ...fold(REQUEST), requesters: { group: null, role: 'administrator' } }, 0, pem)?.requesters).toEqual({ role: 'administrator' });
  });
});
