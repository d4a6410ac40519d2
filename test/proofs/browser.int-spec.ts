import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { offlineFiles } from '#identity/adapters/proofs/offline-files.js';
import { VerifiedProofs } from '#identity/adapters/proofs/verified-proofs.js';
import { WebAuthnRegistrar } from '#identity/adapters/proofs/webauthn-registrar.js';
import type { CreationOptions, Credential, DecisionProof, RelyingParty, WebAuthnKey } from '#identity/contract.js';
import { assertionOptions, parseDecisionProof } from '#identity/contract.js';
import { decisionOver } from '#test/fixtures/approver.js';
import { addAuthenticator, createCredential, getAssertion, launchBrowser, serveEmptySite } from '#test/fixtures/browser.js';
import type { AuthenticatorOptions, EmptySite } from '#test/fixtures/browser.js';
import { runOffline } from './run-offline.js';

const owner = { issuer: 'https://idp.example', subject: 'ana' };
const registrar = new WebAuthnRegistrar();
const verifier = new VerifiedProofs(new CredentialProofVerifier());

let browser: Browser;
let site: EmptySite;
let relying: RelyingParty;
let page: Page;
beforeAll(async () => {
  site = await serveEmptySite();
  relying = { rpId: 'localhost', origin: site.origin };
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(site.origin);
});
afterEach(() => page.close());

async function registered(authenticator: AuthenticatorOptions, change: (options: CreationOptions) => object = (options) => options): Promise<Credential & { readonly key: WebAuthnKey }> {
  await addAuthenticator(page, authenticator);
  const options = await registrar.creationOptions(owner, 'Ana', relying);
  const verdict = await registrar.verifyRegistration(await createCredential(page, change(options)), options.challenge, relying);
  if ('fault' in verdict) throw new Error(verdict.fault.detail);
  return { credentialId: randomUUID(), owner, label: 'a browser', status: 'active', createdAt: '2026-11-20T12:00:00.000Z', key: verdict.key };
}
/** As the api takes it from a body. */
const proofOf = (response: unknown): DecisionProof => {
  const read = parseDecisionProof({ type: 'webauthn', challengeId: 'c', response }, '/proof');
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.proof;
};

describe('a passkey in Chromium', () => {
  it.each<[string, AuthenticatorOptions, number]>([
    ['of this device, ES256', {}, -7],
    ['of this device, EdDSA', {}, -8],
    ['on a security key', { transport: 'usb' }, -7],
    ['that is synced', { isBackedUp: true }, -7],
  ])('%s is registered with our options and signs statements', async (_name, authenticator, algorithm) => {
    const credential = await registered(authenticator, (options) => ({ ...options, pubKeyCredParams: options.pubKeyCredParams.filter(({ alg }) => alg === algorithm) }));
    expect(credential.key).toMatchObject({ transports: [authenticator.transport ?? 'internal'], backupEligible: authenticator.isBackedUp ?? false });
    for (const statement of [decisionOver(), decisionOver({ audience: 'https://müller.example/\u{1f511}' })]) {
      const proof = proofOf(await getAssertion(page, assertionOptions(statement, [credential.key], relying)));
      expect(await verifier.decision(proof, statement, credential, relying)).toBeUndefined();
      expect(await verifier.decision(proof, `${statement} `, credential, relying)).toMatchObject({ code: 'CHALLENGE_MISMATCH' });
      expect(await verifier.decision(proof, statement, credential, { ...relying, origin: 'http://localhost:1' })).toMatchObject({ code: 'PROOF_INVALID' });
      const offline = offlineFiles(proof, statement, credential.key, relying.rpId);
      if ('fault' in offline) throw new Error(offline.fault);
      expect([offline.commands[0]?.[0], runOffline(offline)]).toEqual(['fido2-assert', [0]]);
      const other = offlineFiles(proof, statement, credential.key, 'elsewhere.example');
      if ('fault' in other) throw new Error(other.fault);
      expect(runOffline(other)).toEqual([1]);
    }
  });

  it('prefers ES256 where it can do both, and is not registered twice', async () => {
    const credential = await registered({});
    expect(Buffer.from(credential.key.publicKey, 'base64url').subarray(0, 5).toString('hex')).toBe('a501020326');
    const again = await registrar.creationOptions(owner, 'Ana', relying, [credential.key]);
    await expect(createCredential(page, again)).rejects.toThrow('InvalidStateError');
  });

  it('without user verification signs nothing that counts', async () => {
    const authenticator = await addAuthenticator(page, {});
    const options = await registrar.creationOptions(owner, 'Ana', relying);
    const verdict = await registrar.verifyRegistration(await createCredential(page, options), options.challenge, relying);
    if ('fault' in verdict) throw new Error(verdict.fault.detail);
    const credential: Credential = { credentialId: 'c', owner, label: '', status: 'active', createdAt: '2026-11-20T12:00:00.000Z', key: verdict.key };
    const statement = decisionOver();
    await authenticator.setUserVerified(false);
    await expect(getAssertion(page, assertionOptions(statement, [verdict.key], relying))).rejects.toThrow('NotAllowedError');
    const proof = proofOf(await getAssertion(page, { ...assertionOptions(statement, [verdict.key], relying), userVerification: 'discouraged' }));
    expect(await verifier.decision(proof, statement, credential, relying)).toEqual({ code: 'PROOF_INVALID', detail: 'The authenticator did not verify its user.' });
  });

  it('that counts its signatures, as this one does, may be behind what was seen', async () => {
    const credential = await registered({ transport: 'usb' });
    const [first, second] = [decisionOver(), decisionOver()];
    const proofs = [proofOf(await getAssertion(page, assertionOptions(first, [credential.key], relying))), proofOf(await getAssertion(page, assertionOptions(second, [credential.key], relying)))] as const;
    expect(await verifier.decision(proofs[1], second, credential, relying)).toBeUndefined();
    expect(await verifier.decision(proofs[0], first, credential, relying)).toBeUndefined();
  });

  it('registered for another challenge is refused', async () => {
    await addAuthenticator(page, {});
    const options = await registrar.creationOptions(owner, 'Ana', relying);
    const response = await createCredential(page, options);
    const { challenge } = await registrar.creationOptions(owner, 'Ana', relying);
    expect(await registrar.verifyRegistration(response, challenge, relying)).toMatchObject({ fault: { code: 'PROOF_INVALID' } });
  });
});
