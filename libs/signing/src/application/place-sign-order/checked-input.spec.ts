import { DomainError } from '#kernel/domain-error.js';
import { randomBytes } from 'node:crypto';
import { MAX_APPEND_BYTES } from '#eventing/event-store.port.js';
import { ALGORITHMS, digestBytes, hashOf, maxSignatureBytes } from '#keys/contract.js';
import type { Algorithm, HashName } from '#keys/contract.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import { checkedInput, MAX_EDDSA_MESSAGE_BYTES } from './checked-input.js';

const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
const digestsOf = (hash: HashName, count: number): string[] => new Array<string>(count).fill(base64(digestBytes(hash)));
const prehashed = ALGORITHMS.flatMap((algorithm) => {
  const hash = hashOf(algorithm);
  return hash === undefined ? [] : [[algorithm, hash] as const];
});
const request = (digests: readonly string[], digestAlgorithm: HashName) => ({ keyId: 'k', input: { digests, digestAlgorithm }, format: null });
const data = (bytes: number) => ({ keyId: 'k', input: { data: base64(bytes) }, format: null });

/** As large as events of an order can be: every name as long as it may, every signature as long as its algorithm makes it. */
function largestEvents(algorithm: Algorithm, digests: readonly string[]): readonly SigningEvent[] {
  const uuid = '01234567-89ab-cdef-0123-456789abcdef';
  const [keyId, signer, at, detail] = ['k'.repeat(64), 's'.repeat(64), '2026-11-20T12:00:00.000Z', 'd'.repeat(500)];
  const facts = { operationId: uuid, signOrderId: uuid, reservation: uuid, bodyDigest: base64(32), requestedAt: at, keyId, algorithm, count: digests.length, format: 'der' as const };
  const signatures = digests.map(() => base64(maxSignatureBytes(algorithm)));
  return [
    { type: 'signing.started.v1', data: { ...facts, signer, incarnation: uuid, attempt: uuid, publicKeySha256: 'f'.repeat(64), digests } },
    { type: 'signing.completed.v1', data: { operationId: uuid, keyId, signer, digests, signatures, at } },
    { type: 'signing.outcome-unknown.v1', data: { operationId: uuid, keyId, signer, detail, digests, signatures, spent: digests.length, returned: 0, at } },
    { type: 'signing.late-outcome.v1', data: { operationId: uuid, keyId, signer, signatures } },
  ];
}

describe('what is accepted can be recorded', () => {
  it.each(prehashed)('rule 5: every event of as many %s digests as are taken fits one append', (algorithm, hash) => {
    const takes = (count: number): boolean => {
      try {
        return checkedInput(request(digestsOf(hash, count), hash), algorithm).count === count;
      } catch (error) {
        expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
        return false;
      }
    };
    let [taken, refused] = [1, 20_000];
    while (refused - taken > 1) {
      const middle = Math.floor((taken + refused) / 2);
      if (takes(middle)) taken = middle;
      else refused = middle;
    }
    // An order of the wire contract's thousand digests is taken, whatever the key.
    expect(taken).toBeGreaterThanOrEqual(1_000);
    for (const event of largestEvents(algorithm, digestsOf(hash, taken))) expect(JSON.stringify(event).length + 1_000).toBeLessThan(MAX_APPEND_BYTES);
  });

  it('rule 5: an EdDSA message travels whole, up to 256 KiB', () => {
    const { input, count } = checkedInput(data(MAX_EDDSA_MESSAGE_BYTES), 'EdDSA');
    expect({ message: 'message' in input, count }).toEqual({ message: true, count: 1 });
    expect(() => checkedInput(data(MAX_EDDSA_MESSAGE_BYTES + 1), 'EdDSA')).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }));
  });
});

describe('the key says what it signs', () => {
  it('hashes data with the key’s hash', () => {
    expect(checkedInput({ keyId: 'k', input: { data: '' }, format: null }, 'ES256').digests).toEqual(['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']);
  });
  it('refuses digests of another hash, digests for EdDSA, and raw for what is not ECDSA', () => {
    const fault = (check: () => unknown): unknown => {
      try {
        return check();
      } catch (error) {
        return error instanceof DomainError ? [error.code, ...(error.more.faults ?? []).map((f) => f.path)] : error;
      }
    };
    expect(fault(() => checkedInput(request(digestsOf('SHA-384', 1), 'SHA-384'), 'ES256'))).toEqual(['VALIDATION_FAILED', '/digestAlgorithm']);
    expect(fault(() => checkedInput(request(digestsOf('SHA-256', 1), 'SHA-256'), 'EdDSA'))).toEqual(['VALIDATION_FAILED', '/digests']);
    expect(fault(() => checkedInput({ ...request(digestsOf('SHA-256', 1), 'SHA-256'), format: 'raw' }, 'RS256'))).toEqual(['VALIDATION_FAILED', '/signatureFormat']);
  });
});
