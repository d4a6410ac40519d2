import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decisionOver, jwsApprover, RELYING, webAuthnApprover } from '#test/fixtures/approver.js';
import { AT, BE, BS, coseEc, coseOkp, SoftAuthenticator, UP, UV, type Deviation } from '#test/fixtures/soft-authenticator.js';
import { assertionOptions, statementDigest, type Credential, type DecisionProof, type ProofFault } from '../../contract.js';
import { CredentialProofVerifier } from './credential-proof-verifier.js';
import { WebAuthnRegistrar } from './webauthn-registrar.js';

const verifier = new CredentialProofVerifier();
const registrar = new WebAuthnRegistrar();
const statement = decisionOver();
const INVALID = (about: RegExp): unknown => expect.objectContaining({ code: 'PROOF_INVALID', detail: expect.stringMatching(about) });
const MISMATCH = expect.objectContaining({ code: 'CHALLENGE_MISMATCH' });
const owner = { issuer: 'https://idp.example', subject: 'ana' };

describe.each(['ES256', 'EdDSA'] as const)('a decision as assertion with %s', (algorithm) => {
  const who = webAuthnApprover(algorithm);
  const decided = (deviation: Deviation = {}, over = statement, credential: Credential = who.credential, relying = RELYING): Promise<ProofFault | undefined> => verifier.decision(who.sign(statement, deviation), over, credential, relying);

  it('verifies under its credential, over the challenge that the options name', async () => {
    expect(await decided()).toBeUndefined();
    const options = assertionOptions(statement, [who.authenticator.key], RELYING);
    expect(options).toEqual({ challenge: Buffer.from(statementDigest(statement), 'base64').toString('base64url'), rpId: RELYING.rpId, timeout: 300_000, userVerification: 'required', allowCredentials: [{ id: who.authenticator.id, type: 'public-key', transports: ['internal'] }] });
  });

  it.each<[string, Deviation, RegExp]>([
    ['no user verification', { flags: UP }, /verify its user/],
    ['no user presence', { flags: UV }, /verify its user/],
    ['another origin', { origin: 'https://countersign.evil.example' }, /another origin/],
    ['an origin that begins alike', { origin: `${RELYING.origin}.evil.example` }, /another origin/],
    ['http', { origin: 'http://countersign.example' }, /another origin/],
    ['another relying party', { rpId: 'evil.example' }, /another relying party/],
    ['a registration', { type: 'webauthn.create' }, /no assertion/],
    ['a payment', { type: 'payment.get' }, /no assertion/],
    ['the frame of another page', { crossOrigin: true }, /within a page of another origin/],
    ['the frame of a page that names itself', { clientData: { topOrigin: 'https://evil.example' } }, /not one that an authenticator makes/],
    ['crossOrigin that is no boolean', { clientData: { crossOrigin: 'no' } }, /within a page of another origin/],
    ['another key of the authenticator', { id: randomBytes(32).toString('base64url') }, /another authenticator key/],
    ['the flag of being backed up', { flags: UP | UV | BE | BS }, /backed up/],
    ['a key that is attested without being there', { flags: UP | UV | AT }, /not one that an authenticator makes/],
  ])('is refused of %s', async (_name, deviation, about) => {
    expect(await decided(deviation)).toEqual(INVALID(about));
  });

  it('is refused for another relying party or origin than it was made for', async () => {
    expect(await decided({}, statement, who.credential, { ...RELYING, origin: 'https://elsewhere.example' })).toEqual(INVALID(/another origin/));
    expect(await decided({}, statement, who.credential, { ...RELYING, rpId: 'elsewhere.example' })).toEqual(INVALID(/another relying party/));
  });

  it('does not count for another statement', async () => {
    expect(await decided({}, decisionOver())).toEqual(MISMATCH);
    expect(await decided({}, `${statement} `)).toEqual(MISMATCH);
    expect(await decided({ challenge: Buffer.from(statement).toString('base64url') })).toEqual(MISMATCH);
    expect(await verifier.decision({ type: 'webauthn', challengeId: 'c', response: who.authenticator.sign('\ufffd', RELYING) }, '\ud800', who.credential, RELYING)).toEqual(INVALID(/no text/));
  });

  it('does not verify under any other key', async () => {
    const other = webAuthnApprover(algorithm).authenticator.key;
    expect(await decided({}, statement, { ...who.credential, key: { ...other, id: who.authenticator.id } })).toEqual(INVALID(/signature|authenticator makes/));
  });

  it('does not depend on a counter: synced passkeys keep none, or one each', async () => {
    for (const counter of [7, 3, 0, 4_294_967_295]) expect(await decided({ counter })).toBeUndefined();
  });

  it('of a synced passkey verifies, and says so as it did at its registration', async () => {
    const synced = webAuthnApprover(algorithm, RELYING, true);
    expect(await verifier.decision(synced.sign(statement), statement, synced.credential, RELYING)).toBeUndefined();
    expect(await verifier.decision(synced.sign(statement, { flags: UP | UV | BE }), statement, synced.credential, RELYING)).toBeUndefined();
    expect(await verifier.decision(synced.sign(statement, { flags: UP | UV }), statement, synced.credential, RELYING)).toEqual(INVALID(/backed up/));
    expect(await verifier.decision(synced.sign(statement, { flags: UP | UV | BS }), statement, synced.credential, RELYING)).toEqual(INVALID(/authenticator makes/));
  });

  it('does not verify with any byte of it changed', async () => {
    const proof = who.sign(statement);
    if (proof.type !== 'webauthn') throw new Error('it is one');
    const members = proof.response.response;
    await fc.assert(fc.asyncProperty(fc.constantFrom('clientDataJSON' as const, 'authenticatorData' as const, 'signature' as const), fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, by) => {
      const bytes = Buffer.from(members[name], 'base64url');
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by;
      const altered: DecisionProof = { ...proof, response: { ...proof.response, response: { ...members, [name]: bytes.toString('base64url') } } };
      expect(await verifier.decision(altered, statement, who.credential, RELYING)).toEqual(expect.objectContaining({ code: expect.stringMatching(/^(PROOF_INVALID|CHALLENGE_MISMATCH)$/) }));
    }), { numRuns: 400 });
  });

  it('is refused, without a throw, of anything else', async () => {
    const proof = who.sign(statement);
    if (proof.type !== 'webauthn') throw new Error('it is one');
    const binary = fc.oneof(fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b).toString('base64url')), fc.string(), fc.anything());
    const json = fc.json().map((j) => Buffer.from(j).toString('base64url'));
    await fc.assert(fc.asyncProperty(fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature', 'userHandle'), fc.oneof(binary, json), async (name, value) => {
      const altered = { ...proof, response: { ...proof.response, response: { ...proof.response.response, [name]: value } } } as DecisionProof;
      const verdict = await verifier.decision(altered, statement, who.credential, RELYING);
      // Nobody signs a user handle, and nothing hangs on it.
      if (name !== 'userHandle') expect(verdict).toBeDefined();
    }), { numRuns: 300 });
    const nested = Buffer.concat([Buffer.from(proof.response.response.authenticatorData, 'base64url').subarray(0, 32), Buffer.from([UP | UV | 0x80, 0, 0, 0, 0]), Buffer.alloc(6_000, 0x81)]).toString('base64url');
    expect(await verifier.decision({ ...proof, response: { ...proof.response, response: { ...proof.response.response, authenticatorData: nested } } }, statement, who.credential, RELYING)).toEqual(INVALID(/./));
  });

  it.each<[string, string]>([
    ['no COSE_Key', Buffer.from('key').toString('base64url')],
    ['an RSA key', Buffer.from('a401030339010020430102032143010001', 'hex').toString('base64url')],
    ['a key for ES384', Buffer.from(who.authenticator.coseKey.toString('hex').replace(/03(26|27)/, '033822'), 'hex').toString('base64url')],
    ['a point beside the curve', coseEc(Buffer.alloc(32, 1), Buffer.alloc(32, 2)).toString('base64url')],
    ['padding', `${who.authenticator.key.publicKey}=`],
    ['nothing', ''],
  ])('proves nothing under a credential with %s', async (_name, publicKey) => {
    expect(await decided({}, statement, { ...who.credential, key: { ...who.authenticator.key, publicKey } })).toEqual(INVALID(/./));
  });
});

describe('creation options', () => {
  it('ask for ES256 or EdDSA, user verification and no attestation, with a challenge of its own each', async () => {
    const known = [new SoftAuthenticator().key];
    const options = await registrar.creationOptions(owner, `Ana ${'\u202e'}${'x'.repeat(100)}`, RELYING, known);
    expect(options).toEqual({
      rp: { id: RELYING.rpId, name: 'Countersign' },
      user: { id: expect.stringMatching(/^[\w-]{43}$/), name: `Ana \ufffd${'x'.repeat(59)}`, displayName: expect.any(String) },
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -8 }],
      timeout: 300_000,
      excludeCredentials: [{ id: known[0]?.id, type: 'public-key', transports: ['internal'] }],
      authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
      attestation: 'none',
    });
    const again = await registrar.creationOptions(owner, 'Ana', RELYING);
    expect(again.challenge).not.toBe(options.challenge);
    expect(again.user.id).toBe(options.user.id);
    expect((await registrar.creationOptions({ ...owner, subject: 'bo' }, 'Ana', RELYING)).user.id).not.toBe(options.user.id);
  });
});

describe.each(['ES256', 'EdDSA'] as const)('a registration of a key for %s', (algorithm) => {
  const challenge = randomBytes(32).toString('base64url');
  const registered = (deviation: Deviation = {}, authenticator = new SoftAuthenticator(algorithm)) => registrar.verifyRegistration(authenticator.register(challenge, RELYING, deviation), challenge, RELYING);

  it('gives the key by which its assertions verify', async () => {
    for (const synced of [false, true]) {
      const authenticator = new SoftAuthenticator(algorithm, synced);
      const verdict = await registered({}, authenticator);
      expect(verdict).toEqual({ key: authenticator.key });
      if (!('key' in verdict)) throw new Error('it has one');
      const credential: Credential = { ...webAuthnApprover().credential, key: verdict.key };
      expect(await verifier.decision({ type: 'webauthn', challengeId: 'c', response: authenticator.sign(statement, RELYING) }, statement, credential, RELYING)).toBeUndefined();
    }
  });

  it.each<[string, Deviation, RegExp]>([
    ['no user verification', { flags: UP | AT }, /verify its user/],
    ['no user presence', { flags: UV | AT }, /verify its user/],
    ['no key', { flags: UP | UV }, /authenticator makes/],
    ['another challenge', { challenge: randomBytes(32).toString('base64url') }, /answer to the options/],
    ['another origin', { origin: 'https://evil.example' }, /another origin/],
    ['another relying party', { rpId: 'evil.example' }, /another relying party/],
    ['an assertion', { type: 'webauthn.get' }, /authenticator makes/],
    ['the frame of another page', { crossOrigin: true }, /within a page/],
    ['the id of another key', { id: randomBytes(32).toString('base64url') }, /usable key/],
    ['a point beside the curve', { coseKey: coseEc(Buffer.alloc(32, 1), Buffer.alloc(32, 2)) }, /usable key/],
    ['a point of small order', { coseKey: coseOkp(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])) }, /usable key/],
    ['an RSA key', { coseKey: Buffer.from('a401030339010020430102032143010001', 'hex') }, /ES256 or EdDSA/],
    ['a key for another curve', { coseKey: Buffer.from(coseEc(Buffer.alloc(32, 1), Buffer.alloc(32, 2)).toString('hex').replace('2001', '2002'), 'hex') }, /usable key/],
    ["an attestation that is not 'none'", { attestation: 'a363666d74667061636b6564' + '6761747453746d74' + 'a163783563' + '8141ff' }, /attestation/],
    ['attestation none with a statement', { attestation: 'a363666d74646e6f6e65' + '6761747453746d74' + 'a163783563' + '8141ff' }, /attestation/],
    ['an attestation of an unknown kind', { attestation: 'a363666d746474706d32' + '6761747453746d74' + 'a0' }, /attestation/],
    ['packed without a signature', { attestation: 'a363666d74667061636b6564' + '6761747453746d74' + 'a0' }, /authenticator makes/],
  ])('is refused of %s', async (_name, deviation, about) => {
    expect(await registered(deviation)).toEqual({ fault: INVALID(about) });
  });

  it('is refused, without a throw, of anything else', async () => {
    const good = new SoftAuthenticator(algorithm).register(challenge, RELYING) as { readonly response: object };
    const binary = fc.oneof(fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b).toString('base64url')), fc.string(), fc.anything());
    await fc.assert(fc.asyncProperty(fc.anything(), async (value) => expect(await registrar.verifyRegistration(value, challenge, RELYING)).toHaveProperty('fault')));
    await fc.assert(fc.asyncProperty(fc.constantFrom('clientDataJSON', 'attestationObject'), binary, async (name, value) => {
      expect(await registrar.verifyRegistration({ ...good, response: { ...good.response, [name]: value } }, challenge, RELYING)).toHaveProperty('fault');
    }));
    const nested = Buffer.alloc(12_000, 0x81).toString('base64url');
    expect(await registrar.verifyRegistration({ ...good, response: { ...good.response, attestationObject: nested } }, challenge, RELYING)).toHaveProperty('fault');
    expect(await registrar.verifyRegistration({ ...good, response: { ...good.response, transports: 'usb' } }, challenge, RELYING)).toHaveProperty('key.transports', []);
  });
});

describe('what verifies assertions', () => {
  const who = webAuthnApprover();
  const unloaded = new CredentialProofVerifier(() => Promise.reject(new Error('EMFILE')));

  it('says nothing of a proof while it cannot be loaded', async () => {
    await expect(unloaded.decision(who.sign(statement), statement, who.credential, RELYING)).rejects.toThrow('EMFILE');
  });

  it('is not needed for signatures, nor for what is none', async () => {
    const signer = jwsApprover();
    expect(await unloaded.decision(signer.sign(statement), statement, signer.credential, RELYING)).toBeUndefined();
    expect(await unloaded.decision(who.sign(statement), statement, signer.credential, RELYING)).toEqual(INVALID(/none of an authenticator/));
  });
});
