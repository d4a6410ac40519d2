import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { addAuthenticator, createCredential, getAssertion, launchBrowser, serveEmptySite } from '#test/fixtures/browser.js';
import type { EmptySite, VirtualAuthenticator } from '#test/fixtures/browser.js';
import { EMBEDDED } from '#test/system/stores.js';
import type { OperationView } from '#operations/application/operation-view.js';
import { enrols } from './approver.js';
import { Founded } from './founded.js';
import { expected } from './person.js';
import type { Person } from './person.js';
import { ofFirmware } from './scene.js';

const DIGEST = createHash('sha256').update('release').digest('base64');
const OPTIONS = '/v1/credentials/webauthn/options';

interface Assertion {
  readonly id: string;
  readonly response: { readonly clientDataJSON: string; readonly authenticatorData: string; readonly signature: string };
}
interface Asked {
  readonly challengeId: string;
  readonly webauthn: object;
}
/** Somebody before a page of the service, with a passkey that administrators confirmed. */
interface PasskeyOwner {
  readonly person: Person;
  readonly page: Page;
  readonly authenticator: VirtualAuthenticator;
}

let founded: Founded;
let browser: Browser;
let origin: string;
let elsewhere: EmptySite;
let ana: PasskeyOwner;
let ben: PasskeyOwner;
beforeAll(async () => {
  founded = await Founded.open({
    rosters: { 'firmware-approvers': ['ana', 'ben', 'cleo'] },
    keys: { fw: { tree: ofFirmware(2), requiredProof: 'webauthn' } },
    // Browsers let a page without TLS have passkeys for localhost alone.
    over: (_account, { port }) => ({ rpId: 'localhost', origin: `http://localhost:${port}` }),
    config: ({ port }) => ({ http: { publicUrl: `http://localhost:${port}` } }),
    others: ['cleo'],
    options: { stores: EMBEDDED },
  });
  origin = `http://localhost:${founded.scene.service.port}`;
  elsewhere = await serveEmptySite();
  browser = await launchBrowser();
  ana = await withPasskey(founded.scene.ana);
  ben = await withPasskey(founded.scene.ben);
});
afterAll(async () => {
  await browser.close();
  await elsewhere.close();
  await founded.close();
});

async function withPasskey(person: Person): Promise<PasskeyOwner> {
  const page = await browser.newPage();
  // A page that the service itself answers with: of its origin.
  await page.goto(`${origin}/healthz`);
  const authenticator = await addAuthenticator(page, {});
  const response = await createCredential(page, expected(await person.post<object>(OPTIONS, undefined), 200, 201));
  await enrols(person, { type: 'webauthn', response, label: 'passkey' }, [founded.administrator('admin-2'), founded.administrator('admin-3')]);
  return { person, page, authenticator };
}
const asked = (): Promise<OperationView> => founded.scene.orderer.operation({ fw: 1 }, { binding: { digests: [DIGEST] } });
const challenged = async ({ person }: PasskeyOwner, operation: OperationView): Promise<Asked> => expected(await person.challenged(operation, { decision: 'approve' }), 201) as Asked;
const asserted = async ({ page }: PasskeyOwner, { webauthn }: Asked): Promise<Assertion> => (await getAssertion(page, webauthn)) as Assertion;
const sends = ({ person }: PasskeyOwner, operation: OperationView, { challengeId }: Asked, response: Assertion) => person.approves(operation, { proof: { type: 'webauthn', challengeId, response } });
async function approves(owner: PasskeyOwner, operation: OperationView) {
  const challenge = await challenged(owner, operation);
  return sends(owner, operation, challenge, await asserted(owner, challenge));
}
const flipped = (text: string): string => Buffer.from(Buffer.from(text, 'base64url').map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte))).toString('base64url');

describe('passkeys of a browser, under a genesis', () => {
  it('enrolled over the api and confirmed by administrators, approve what the signer then signs', async () => {
    const operation = await asked();
    expect(expected(await approves(ana, operation), 201)).toMatchObject({ state: 'pending', decisions: [{ proof: { type: 'webauthn' } }] });
    expect((await founded.scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' })).said).toBe('409 OPERATION_NOT_APPROVED');
    expect(expected(await approves(ben, operation), 201).state).toBe('approved');
    const order = await founded.scene.ended(await founded.scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }));
    expect({ state: order.state, blockers: order.blockers, failure: order.failure }).toEqual({ state: 'completed', blockers: undefined, failure: undefined });
  });

  it('a key for the command line is not enough where a passkey is asked for', async () => {
    const operation = await asked();
    expect((await founded.scene.cleo.approves(operation)).said).toBe('403 PROOF_REQUIRED');
    expect((await founded.approver('cleo').approves(operation)).said).toBe('403 PROOF_REQUIRED');
  });

  it('an assertion that was altered, is for something else, of another page or of somebody else approves nothing', async () => {
    const [operation, other] = [await asked(), await asked()];
    const challenge = await challenged(ana, operation);
    const good = await asserted(ana, challenge);
    const refused = async (response: Assertion): Promise<string> => (await sends(ana, operation, challenge, response)).said;
    const { clientDataJSON } = good.response;
    const client = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as Readonly<Record<string, unknown>>;
    expect(client).toMatchObject({ type: 'webauthn.get', origin });
    const with_ = (over: Partial<Assertion['response']>): Assertion => ({ ...good, response: { ...good.response, ...over } });
    const saying = (over: object): Assertion => with_({ clientDataJSON: Buffer.from(JSON.stringify({ ...client, ...over })).toString('base64url') });
    expect(await refused(with_({ signature: flipped(good.response.signature) }))).toBe('422 PROOF_INVALID');
    expect(await refused(with_({ authenticatorData: flipped(good.response.authenticatorData) }))).toBe('422 PROOF_INVALID');
    expect(await refused(saying({ crossOrigin: true }))).toBe('422 PROOF_INVALID');
    expect(await refused(saying({ challenge: Buffer.alloc(32).toString('base64url') }))).toBe('409 CHALLENGE_MISMATCH');
    // Of the same person and passkey, for another operation.
    expect(await refused(await asserted(ana, await challenged(ana, other)))).toBe('409 CHALLENGE_MISMATCH');
    // The browser signs for the page that is shown: one of another origin with the same relying party, which got hold of the challenge.
    await ana.page.goto(elsewhere.origin);
    const fished = await asserted(ana, challenge);
    expect(JSON.parse(Buffer.from(fished.response.clientDataJSON, 'base64url').toString())).toMatchObject({ origin: elsewhere.origin, challenge: client['challenge'] });
    expect(await refused(fished)).toBe('422 PROOF_INVALID');
    expect(await refused({ ...fished, response: { ...fished.response, clientDataJSON } })).toBe('422 PROOF_INVALID');
    await ana.page.goto(`${origin}/healthz`);
    // Of somebody else's passkey, over the same challenge.
    const { webauthn } = await challenged(ben, operation);
    const { challenge: nonce } = challenge.webauthn as { readonly challenge: string };
    expect(await refused(await asserted(ben, { challengeId: '', webauthn: { ...webauthn, challenge: nonce } }))).toMatch(/^(403 CREDENTIAL_NOT_ACTIVE|422 PROOF_INVALID)$/);
    // Without user verification, which the page alone can leave out.
    await ana.authenticator.setUserVerified(false);
    expect(await refused(await asserted(ana, { ...challenge, webauthn: { ...challenge.webauthn, userVerification: 'discouraged' } }))).toBe('422 PROOF_INVALID');
    await ana.authenticator.setUserVerified(true);
    expect(expected(await ana.person.reads(operation), 200)).toMatchObject({ state: 'pending', decisions: [] });
    expect((await sends(ben, operation, challenge, good)).said).toBe('409 CHALLENGE_MISMATCH');
    // None of it has spent the challenge.
    expect(expected(await sends(ana, operation, challenge, good), 201).decisions).toHaveLength(1);
    expect(expected(await sends(ana, operation, challenge, good), 201).decisions).toHaveLength(1);
  });

  it('a passkey is proposed with the answer to one’s own options, once, and not by a page of another origin', async () => {
    const person = founded.scene.approver('dora');
    const page = await browser.newPage();
    await page.goto(elsewhere.origin);
    await addAuthenticator(page, {});
    const options = async () => expected(await person.post<object>(OPTIONS, undefined), 200, 201);
    const proposes = async (response: unknown) => (await person.post('/v1/credentials', { type: 'webauthn', response, label: 'passkey' })).said;
    expect(await proposes(await createCredential(page, await options()))).toBe('422 PROOF_INVALID');
    await page.goto(`${origin}/healthz`);
    const others = expected(await founded.scene.cleo.post<object>(OPTIONS, undefined), 200, 201);
    expect(await proposes(await createCredential(page, others))).toBe('409 CHALLENGE_MISMATCH');
    const response = await createCredential(page, await options());
    expect(await proposes(response)).toBe('202');
    expect(await proposes(response)).toBe('409 CHALLENGE_USED');
  });

  it('a passkey that is suspended does not count, when the operation was approved as well', async () => {
    const operation = await asked();
    for (const owner of [ana, ben]) expected(await approves(owner, operation), 201);
    const { items } = expected(await ben.person.get<{ readonly items: readonly { readonly credentialId: string }[] }>('/v1/credentials'), 200);
    expected(await ben.person.post(`/v1/credentials/${items[0]?.credentialId}/suspend`, { reason: 'lost' }), 200);
    expect((await founded.scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' })).said).toBe('409 OPERATION_NOT_APPROVED');
  });
});
