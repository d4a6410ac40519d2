import type { InputFault } from '#kernel/domain-error.js';
import { LEVELS } from '#policies/contract.js';
import type { Level } from '#policies/contract.js';
import { CREDENTIAL_ID, readEnrolment, readReason } from './credentials.js';
import type { Effect } from './effects.js';
import { readIssuers } from './issuers.js';
import { readKey } from './keys.js';
import { MAX_QUORUM, MIN_QUORUM } from './limits.js';
import { MAX_NAME, readObject } from './members.js';
import type { Checked } from './members.js';
import { ID_PATTERN, readDeputy, readPerson, readRoster, readSeparation } from './people.js';
import { readLevelPolicy, readNamedPolicy, readPolicySource } from './policies.js';
import { readSession } from './sessions.js';

/** The path of a fault that is not in the body. */
export const NO_SUCH_CALL = 'path';

type Read = (body: unknown, id: string) => Checked<Effect>;
interface Call {
  readonly method: string;
  /** `:` stands for the one part that says what it is about. */
  readonly path: string;
  readonly id?: RegExp;
  readonly read: Read;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const GROUP = new RegExp(`^[^\\0\\p{Surrogate}]{1,${MAX_NAME}}$`, 'u');
const LEVEL = new RegExp(`^(?:${LEVELS.join('|')})$`);
const map = <T>(checked: Checked<T>, to: (value: T) => Effect): Checked<Effect> => ('value' in checked ? { value: to(checked.value) } : checked);
const nothing = (effect: Effect) => (body: unknown): Checked<Effect> => readObject(body, '', () => effect);
const credential = (type: 'credential-suspended' | 'credential-resumed' | 'credential-revoked'): Read => (body, credentialId) => map(readReason(body), ({ reason }) => ({ type, credentialId, reason }));
const key = (type: 'key-enabled' | 'key-disabled'): Read => (body, keyId) => map(readReason(body), ({ reason }) => ({ type, keyId, reason }));

const CALLS: readonly Call[] = [
  { method: 'POST', path: '/v1/policies', read: (body) => map(readNamedPolicy(body, ''), (named) => ({ type: 'policy-published', ...named })) },
  { method: 'PUT', path: '/v1/assurance-levels/:', id: LEVEL, read: (body, level) => readLevelPolicy(level as Level, body) },
  { method: 'PUT', path: '/v1/roster/:', id: GROUP, read: (body, group) => readRoster(group, body) },
  { method: 'PUT', path: '/v1/people/:', id: ID_PATTERN, read: (body, personId) => readPerson(personId, body) },
  { method: 'PUT', path: '/v1/separation', read: (body) => map(readSeparation(body, ''), (separation) => ({ type: 'separation-set', ...separation })) },
  { method: 'PUT', path: '/v1/issuers', read: (body) => readObject(body, '', (m) => ({ type: 'issuers-set', issuers: readIssuers(m, 'issuers') })) },
  { method: 'PUT', path: '/v1/quorum', read: (body) => readObject(body, '', (m) => ({ type: 'quorum-set', quorum: m.integer('quorum', MIN_QUORUM, MAX_QUORUM) })) },
  { method: 'POST', path: '/v1/credentials', read: (body) => map(readEnrolment(body), (enrolled) => ({ type: 'credential-enrolled', ...enrolled })) },
  { method: 'POST', path: '/v1/credentials/:/suspend', id: CREDENTIAL_ID, read: credential('credential-suspended') },
  { method: 'POST', path: '/v1/credentials/:/resume', id: CREDENTIAL_ID, read: credential('credential-resumed') },
  { method: 'POST', path: '/v1/credentials/:/revoke', id: CREDENTIAL_ID, read: credential('credential-revoked') },
  { method: 'POST', path: '/v1/deputies', read: readDeputy },
  { method: 'DELETE', path: '/v1/deputies/:', id: UUID, read: (body, deputyId) => nothing({ type: 'deputy-withdrawn', deputyId })(body) },
  { method: 'POST', path: '/v1/keys', read: (body) => map(readKey(body), (permitted) => ({ type: 'key-permitted', key: permitted })) },
  { method: 'PUT', path: '/v1/keys/:/approval-policy', id: ID_PATTERN, read: (body, keyId) => map(readPolicySource(body, ''), (policy) => ({ type: 'key-policy-set', keyId, policy })) },
  { method: 'POST', path: '/v1/keys/:/enable', id: ID_PATTERN, read: key('key-enabled') },
  { method: 'POST', path: '/v1/keys/:/disable', id: ID_PATTERN, read: key('key-disabled') },
  { method: 'POST', path: '/v1/administration-sessions', read: readSession },
  { method: 'POST', path: '/v1/administration-sessions/:/close', id: UUID, read: (body, sessionId) => nothing({ type: 'session-closed', sessionId })(body) },
];

/**
 * The effect of a call that changes the control plane: what was asked on the wire is what is signed, stored and executed. Asks nothing but its arguments, so that api and
 * signer can't differ.
 * @param path without query, percent-encoded as it was sent @param body JSON, `{}` of a call without one
 */
export function effectOf(method: string, path: string, body: unknown): Effect | { readonly faults: readonly InputFault[] } {
  for (const call of CALLS) {
    const id = call.method === method ? idIn(path, call) : undefined;
    if (id === undefined) continue;
    const read = call.read(body, id);
    return 'value' in read ? read.value : read;
  }
  return { faults: [{ path: NO_SUCH_CALL, message: 'is no call that changes the control plane' }] };
}

/** '' where the call is about no one thing; undefined when the path is another call's. */
function idIn(path: string, call: Call): string | undefined {
  const [before = '', after] = call.path.split(':');
  if (after === undefined) return path === before ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after) || path.length <= before.length + after.length) return undefined;
  const part = path.slice(before.length, path.length - after.length);
  if (part.includes('/')) return undefined;
  const id = decoded(part);
  return id !== undefined && call.id?.test(id) === true ? id : undefined;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
