import { offlineFiles } from '#identity/adapters/proofs/offline-files.js';
import type { OfflineFiles } from '#identity/adapters/proofs/offline-files.js';
import type { Credential, DecisionProof } from '#identity/contract.js';
import { statementDigest } from '#identity/contract.js';
import { decisionOver, jwsApprover, RELYING, webAuthnApprover } from '#test/fixtures/approver.js';
import type { Deviation } from '#test/fixtures/soft-authenticator.js';
import { UP, UV } from '#test/fixtures/soft-authenticator.js';
import { runOffline as run } from './run-offline.js';

const statement = decisionOver();
const exported = (proof: unknown, { key }: Credential, over = statement): OfflineFiles => {
  const files = offlineFiles(proof, over, key, RELYING.rpId);
  if ('fault' in files) throw new Error(files.fault);
  return files;
};

/** One bit of one file's text or bytes. */
function altered(offline: OfflineFiles, name: string, at: number): OfflineFiles {
  const bytes = Buffer.from(offline.files[name] ?? '');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return { ...offline, files: { ...offline.files, [name]: bytes } };
}

describe.each(['ES256', 'EdDSA'] as const)('fido2-assert of libfido2, %s', (algorithm) => {
  const who = webAuthnApprover(algorithm);
  const of = (deviation: Deviation = {}): OfflineFiles => exported(who.sign(statement, deviation), who.credential);

  it('verifies an assertion', () => {
    expect(run(of())).toEqual([0]);
    const { files } = of();
    expect(JSON.parse(Buffer.from(files['client-data.json'] ?? '').toString())).toMatchObject({ type: 'webauthn.get', challenge: Buffer.from(statementDigest(statement), 'base64').toString('base64url') });
  });

  it('does not verify one that was altered', () => {
    const [hash = '', rpId = '', authenticatorData = '', signature = ''] = String(of().files['assertion.txt']).split('\n');
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      return bytes.toString('base64');
    };
    for (const lines of [[flipped(hash), rpId, authenticatorData, signature], [hash, 'evil.example', authenticatorData, signature], [hash, rpId, flipped(authenticatorData), signature], [hash, rpId, authenticatorData, flipped(signature)]]) {
      const offline = of();
      expect(run({ ...offline, files: { ...offline.files, 'assertion.txt': `${lines.join('\n')}\n` } })).toEqual([1]);
    }
    expect(run({ ...of(), files: { ...of().files, 'public.pem': exported(webAuthnApprover(algorithm).sign(statement), webAuthnApprover(algorithm).credential).files['public.pem'] ?? '' } })).toEqual([1]);
  });

  it('does not verify one without user presence or user verification', () => {
    expect(run(of({ flags: UP }))).toEqual([1]);
    expect(run(of({ flags: UV }))).toEqual([1]);
  });
});

describe.each(['ES256', 'EdDSA'] as const)('openssl, a JWS with %s', (algorithm) => {
  const who = jwsApprover(algorithm);
  const offline = exported(who.sign(statement), who.credential);

  it('verifies it', () => {
    expect(run(offline)).toEqual([0, 0]);
  });

  it.each([['statement.json', 0, [1, 0]], ['payload.json', 9, [1, 0]], ['signed.txt', 50, [0, 1]], ['signature.bin', 40, [0, 1]]] as const)('does not verify it with %s altered', (name, at, codes) => {
    expect(run(altered(offline, name, at))).toEqual(codes);
  });
});

describe('offlineFiles', () => {
  it.each<[string, unknown, Credential]>([
    ['a proof and a credential of different kinds', jwsApprover().sign(statement), webAuthnApprover().credential],
    ['an assertion and a JWK', webAuthnApprover().sign(statement), jwsApprover().credential],
    ['nothing', undefined, jwsApprover().credential],
    ['a JWS that is none', { type: 'jws', challengeId: 'c', jws: 'a.b.c' }, jwsApprover().credential],
    ['a key that is none', jwsApprover().sign(statement), { ...jwsApprover().credential, key: { type: 'jwk', publicJwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } } }],
    ['a COSE_Key that is none', webAuthnApprover().sign(statement), { ...webAuthnApprover().credential, key: { ...webAuthnApprover().authenticator.key, publicKey: 'AAAA' } }],
  ])('says what is wrong with %s', (_name, proof, credential) => {
    expect(offlineFiles(proof as DecisionProof, statement, credential.key, RELYING.rpId)).toEqual({ fault: expect.any(String) });
  });

  it('lets no RP ID bring lines of its own', () => {
    const who = webAuthnApprover();
    expect(offlineFiles(who.sign(statement), statement, who.credential.key, 'a\nb')).toHaveProperty('fault');
  });
});
