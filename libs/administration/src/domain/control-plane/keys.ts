import { ALGORITHMS, isRsa, PURPOSES } from '#kernel/key-terms.js';
import type { Algorithm } from '#kernel/key-terms.js';
import type { PermittedKey } from './effects.js';
import { MAX_TEXT, readObject } from './members.js';
import type { Checked, Members } from './members.js';
import { ID_MESSAGE, ID_PATTERN } from './people.js';
import { readPolicySource } from './policies.js';

const MODULUS_BITS: readonly number[] = [2048, 3072, 4096];

/** The body of `POST /v1/keys`. */
export function readKey(body: unknown, at = ''): Checked<PermittedKey> {
  return readObject(body, at, (m) => {
    const keyId = m.fitting('keyId', ID_PATTERN, ID_MESSAGE);
    const purpose = m.oneOf('purpose', PURPOSES);
    const algorithm = m.oneOf('algorithm', ALGORITHMS);
    return {
      keyId,
      purpose,
      algorithm,
      modulusBits: m.optional('modulusBits', (name) => modulusBits(m, name, algorithm)),
      policy: m.part('approvalPolicy', readPolicySource),
      description: m.optional('description', (name) => m.text(name, 1, MAX_TEXT)),
      requesters: m.optional('requesters', (name) => m.part(name, readRequesters)),
      adopt: m.optional('pkcs11', (name) => m.part(name, readAdopted)),
    };
  });
}

function modulusBits(m: Members, name: string, algorithm: Algorithm | undefined): number {
  const bits = m.integer(name, 2048, 4096);
  if (bits !== undefined && !MODULUS_BITS.includes(bits)) m.fault(name, `must be one of ${MODULUS_BITS.join(', ')}`);
  else if (algorithm !== undefined && !isRsa(algorithm)) m.fault(name, 'goes with RSA algorithms only');
  return bits;
}

const readRequesters = (value: unknown, at: string): Checked<NonNullable<PermittedKey['requesters']>> =>
  readObject(value, at, (m) => {
    const [group, role] = [m.optional('group', (name) => m.text(name)), m.optional('role', (name) => m.text(name))];
    if (group === null && role === null) m.fault('group', 'and role are both left out');
    return { group, role };
  });

const readAdopted = (value: unknown, at: string): Checked<NonNullable<PermittedKey['adopt']>> =>
  readObject(value, at, (m) => {
    const label = m.optional('label', (name) => m.text(name, 1, 255));
    const idHex = m.optional('idHex', (name) => m.fitting(name, /^(?:[0-9A-Fa-f]{2}){1,128}$/, 'must be 1 to 128 bytes in hex'));
    if (label === null && idHex === null) m.fault('label', 'and idHex are both left out');
    return { label, idHex: idHex?.toLowerCase() ?? null };
  });
