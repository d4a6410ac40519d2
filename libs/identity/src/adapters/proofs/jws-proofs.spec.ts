import { createHmac, randomUUID, sign } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { decisionOver, jwsApprover, RELYING, webAuthnApprover, type JwsApprover } from '#test/fixtures/approver.js';
import { newKeyPairOf } from '#test/fixtures/key-pair.js';
import { kidOf, type Credential, type DecisionProof, type ProofFault } from '../../contract.js';
import { CredentialProofVerifier } from './credential-proof-verifier.js';
import { algorithmOfKey } from './sign-jws.js';

const verifier = new CredentialProofVerifier();
const statement = decisionOver();
const proofOf = (jws: string): DecisionProof => ({ type: 'jws', challengeId: 'c', jws });
const decided = (jws: string, credential: Credential, over = statement): Promise<ProofFault | undefined> => verifier.decision(proofOf(jws), over, credential, RELYING);
const INVALID = expect.objectContaining({ code: 'PROOF_INVALID', detail: expect.any(String) });
const MISMATCH = expect.objectContaining({ code: 'CHALLENGE_MISMATCH' });

const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const header = ({ credential }: JwsApprover, over: object = {}): object => ({ alg: credential.key.type === 'jwk' && credential.key.publicJwk.kty === 'EC' ? 'ES256' : 'EdDSA', kid: credential.credentialId, ...over });
/** A JWS whose signature is right, whatever its header says. */
function signedWith(who: JwsApprover, protectedHeader: string, payload = b64(statement)): string {
  const input = Buffer.from(`${protectedHeader}.${payload}`);
  const isEc = who.privateKey.asymmetricKeyType === 'ec';
  const signature = isEc ? sign('sha256', input, { key: who.privateKey, dsaEncoding: 'ieee-p1363' }) : sign(null, input, who.privateKey);
  return `${input.toString()}.${signature.toString('base64url')}`;
}
const jwkOf = ({ key }: Credential): object => (key.type === 'jwk' ? key.publicJwk : {});

describe.each(['ES256', 'EdDSA'] as const)('a decision as JWS with %s', (algorithm) => {
  const who = jwsApprover(algorithm);
  const jws = who.jws(statement);

  it('verifies under its credential', async () => {
    expect(await decided(jws, who.credential)).toBeUndefined();
    expect(await verifier.jws(jws, who.credential)).toEqual({ payload: statement });
    expect(kidOf(jws)).toBe(who.credential.credentialId);
  });

  it('is one that others take, and make', async () => {
    const publicKey = await importJWK({ ...jwkOf(who.credential) }, algorithm);
    expect(Buffer.from((await compactVerify(jws, publicKey, { algorithms: [algorithm] })).payload).toString()).toBe(statement);
    const theirs = await new CompactSign(Buffer.from(statement)).setProtectedHeader({ alg: algorithm, kid: who.credential.credentialId, typ: 'JOSE' }).sign(who.privateKey);
    expect(await decided(theirs, who.credential)).toBeUndefined();
  });

  it('does not verify over any other statement, under any other key, or with any character changed', async () => {
    await fc.assert(fc.asyncProperty(fc.nat({ max: statement.length - 1 }), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }), async (i, c) => {
      const altered = statement.slice(0, i) + c + statement.slice(i + 1);
      if (altered !== statement) expect(await decided(jws, who.credential, altered)).toEqual(MISMATCH);
    }));
    await fc.assert(fc.asyncProperty(fc.nat({ max: jws.length - 1 }), fc.constantFrom('A', 'B', '-', '_', '.', '=', '+', '/', ' ', '\n', '\0', 'ü'), async (i, c) => {
      const altered = jws.slice(0, i) + c + jws.slice(i + 1);
      if (altered !== jws) expect(await decided(altered, who.credential)).toEqual(expect.objectContaining({ code: expect.stringMatching(/^(PROOF_INVALID|CHALLENGE_MISMATCH)$/) }));
    }), { numRuns: 1_000 });
    const other = jwsApprover(algorithm);
    expect(await decided(jws, { ...other.credential, credentialId: who.credential.credentialId })).toEqual(INVALID);
    expect(await decided(other.jws(statement), who.credential)).toEqual(INVALID);
  });

  it.each<[string, () => string]>([
    ['alg none, without a signature', () => `${b64(header(who, { alg: 'none' }))}.${b64(statement)}.`],
    ['alg none, with the signature', () => signedWith(who, b64(header(who, { alg: 'none' })))],
    ['alg HS256 with the public key as secret', () => {
      const input = `${b64(header(who, { alg: 'HS256' }))}.${b64(statement)}`;
      return `${input}.${createHmac('sha256', JSON.stringify(jwkOf(who.credential))).update(input).digest('base64url')}`;
    }],
    ['alg HS512 of the length of a signature', () => {
      const input = `${b64(header(who, { alg: 'HS512' }))}.${b64(statement)}`;
      return `${input}.${createHmac('sha512', JSON.stringify(jwkOf(who.credential))).update(input).digest('base64url')}`;
    }],
    ['the alg of the other kind of key', () => signedWith(who, b64(header(who, { alg: algorithm === 'ES256' ? 'EdDSA' : 'ES256' })))],
    ['alg ES256K', () => signedWith(who, b64(header(who, { alg: 'ES256K' })))],
    ['alg in small letters', () => signedWith(who, b64(header(who, { alg: algorithm.toLowerCase() })))],
    ['no alg', () => signedWith(who, b64({ kid: who.credential.credentialId }))],
    ['an alg that is a list', () => signedWith(who, b64(header(who, { alg: [algorithm] })))],
    ['another kid', () => signedWith(who, b64(header(who, { kid: randomUUID() })))],
    ['no kid', () => signedWith(who, b64({ alg: algorithm }))],
    ['a kid that is no text', () => signedWith(who, b64(header(who, { kid: [who.credential.credentialId] })))],
    ['crit', () => signedWith(who, b64(header(who, { crit: ['exp'], exp: 9e9 })))],
    ['crit that is empty', () => signedWith(who, b64(header(who, { crit: [] })))],
    ['b64', () => signedWith(who, b64(header(who, { b64: true })))],
    ['an unencoded payload', () => signedWith(who, b64(header(who, { b64: false, crit: ['b64'] })), statement.replaceAll('.', ''))],
    ['its own key in the header, by which it verifies', () => {
      const other = jwsApprover(algorithm);
      return signedWith(other, b64(header(who, { jwk: jwkOf(other.credential) })));
    }],
    ['a header that is no JSON', () => signedWith(who, b64('alg'))],
    ['a header that is a list', () => signedWith(who, b64([header(who)]))],
    ['a header that is null', () => signedWith(who, b64('null'))],
    ['a header too long', () => signedWith(who, b64(header(who, { x: 'x'.repeat(1_000) })))],
    ['a header that is no UTF-8', () => signedWith(who, Buffer.concat([Buffer.from(JSON.stringify(header(who)).replace('}', ',"x":"')), Buffer.from([0xff]), Buffer.from('"}')]).toString('base64url'))],
    ['padding', () => signedWith(who, `${b64(header(who))}=`)],
    ['a padded payload', () => signedWith(who, b64(header(who)), `${b64(`${statement} `)}==`)],
    ['a padded signature', () => `${jws}==`],
    ['the standard alphabet', () => jws.replaceAll('-', '+').replaceAll('_', '/') + '+'],
    ['bits to spare in the signature', () => `${jws.slice(0, -1)}${String.fromCharCode(jws.charCodeAt(jws.length - 1) + 1)}`],
    ['a line break', () => jws.replace('.', '.\n')],
    ['a space after it', () => `${jws} `],
    ['two parts', () => jws.split('.').slice(0, 2).join('.')],
    ['four parts', () => `${jws}.AAAA`],
    ['five parts, as encrypted', () => `${jws}.AAAA.AAAA`],
    ['no signature', () => `${jws.split('.').slice(0, 2).join('.')}.`],
    ['a signature of zeros', () => `${jws.split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`],
    ['a signature of ones', () => `${jws.split('.').slice(0, 2).join('.')}.${'_'.repeat(85)}w`],
    ['a signature in DER', () => {
      const [h = '', p = ''] = jws.split('.');
      return `${h}.${p}.${who.privateKey.asymmetricKeyType === 'ec' ? sign('sha256', Buffer.from(`${h}.${p}`), who.privateKey).toString('base64url') : ''}`;
    }],
    ['the JSON serialisation', () => {
      const [h, payload, signature] = jws.split('.');
      return JSON.stringify({ protected: h, payload, signature });
    }],
    ['nothing', () => ''],
    ['a dot', () => '.'],
    ['only dots', () => '.'.repeat(100_000)],
  ])('is refused with %s', async (_name, made) => {
    expect(await decided(made(), who.credential)).toEqual(INVALID);
    expect(await verifier.jws(made(), who.credential)).toEqual({ fault: INVALID });
  });

  it('is refused of a payload that is no UTF-8, and of one that only looks the same', async () => {
    expect(await decided(signedWith(who, b64(header(who)), Buffer.from([0xc3, 0x28]).toString('base64url')), who.credential, '\ufffd(')).toEqual(INVALID);
    expect(await decided(who.jws('caf\u00e9'), who.credential, 'cafe\u0301')).toEqual(MISMATCH);
    expect(await decided(who.jws('\ufffd'), who.credential, '\ud800')).toEqual(INVALID);
  });

  it('is bounded in size', async () => {
    expect(await verifier.jws(signedWith(who, b64(header(who)), b64('x'.repeat(400_000))), who.credential)).toEqual({ fault: INVALID });
    expect(await decided(who.jws('x'.repeat(131_073)), who.credential, 'x'.repeat(131_073))).toEqual(INVALID);
    expect(await decided(who.jws('x'.repeat(131_072)), who.credential, 'x'.repeat(131_072))).toBeUndefined();
  });

  it('is none of an authenticator, nor is an assertion one of it', async () => {
    const device = webAuthnApprover(algorithm);
    expect(await decided(jws, { ...device.credential, credentialId: who.credential.credentialId })).toEqual(INVALID);
    expect(await verifier.jws(jws, { ...device.credential, credentialId: who.credential.credentialId })).toEqual({ fault: INVALID });
    expect(await verifier.decision(device.sign(statement), statement, who.credential, RELYING)).toEqual(INVALID);
  });
});

describe('the other signature that ECDSA has for each', () => {
  it('verifies too: a proof is known by its statement, not by its bytes', async () => {
    const who = jwsApprover();
    const [h, p, s = ''] = who.jws(statement).split('.');
    const bytes = Buffer.from(s, 'base64url');
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const twin = (order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
    expect(await decided(`${h}.${p}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(twin, 'hex')]).toString('base64url')}`, who.credential)).toBeUndefined();
  });
});

describe('garbage from a hostile store', () => {
  const who = jwsApprover();
  const jws = who.jws(statement);

  it('is no proof, and nothing throws', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.anything(), fc.record({ type: fc.constantFrom('jws', 'webauthn'), challengeId: fc.constant('c'), jws: fc.anything(), response: fc.anything() })), fc.oneof(fc.constant(statement), fc.anything()), async (proof, over) => {
      expect(await verifier.decision(proof as DecisionProof, over as string, who.credential, RELYING)).toEqual(INVALID);
      expect(await verifier.jws(proof as string, who.credential)).toEqual({ fault: INVALID });
      expect(kidOf(proof)).toBeUndefined();
    }));
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no key', { ...who.credential, key: undefined }],
    ['a key of no kind', { ...who.credential, key: { type: 'pgp' } }],
    ['no JWK', { ...who.credential, key: { type: 'jwk' } }],
    ['an RSA key', { ...who.credential, key: { type: 'jwk', publicJwk: newKeyPairOf('RSA').jwk } }],
    ['a point beside the curve', { ...who.credential, key: { type: 'jwk', publicJwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } } }],
    ['coordinates that are numbers', { ...who.credential, key: { type: 'jwk', publicJwk: { kty: 'EC', crv: 'P-256', x: 1, y: 2 } } }],
  ])('as a credential (%s) proves nothing', async (_name, credential) => {
    expect(await decided(jws, credential as Credential)).toEqual(INVALID);
    expect(await verifier.jws(jws, credential as Credential)).toEqual({ fault: INVALID });
  });
});

describe('algorithmOfKey', () => {
  it.each([['rsa', () => newKeyPairOf('RSA').privateKey], ['P-384', () => newKeyPairOf('P-384').privateKey], ['a public key', () => newKeyPairOf('Ed25519').publicKey]] as const)('refuses %s', (_name, key) => {
    expect(() => algorithmOfKey(key())).toThrow(TypeError);
  });
});
