import { CommandExecutor } from '#eventing/command-executor.js';
import { StreamStates } from '#eventing/stream-states.js';
import type { CreationOptions, RegistrationVerdict, WebAuthnRegistration } from '#identity/contract.js';
import { proposalDecider } from '../../domain/proposals/proposals.js';
import { ApplyActs } from '../apply-acts/apply-acts.process.js';
import { ListCredentialsHandler } from '../list-credentials/list-credentials.handler.js';
import { ListCredentialsQuery } from '../list-credentials/list-credentials.query.js';
import { proposalKind } from '../proposal-kind.js';
import type { ProposalExecutor } from '../proposal-kind.js';
import { RegistrationOptionsCommand } from '../registration-options/registration-options.command.js';
import { RegistrationOptionsHandler } from '../registration-options/registration-options.handler.js';
import { AdministrationBench, metaOf, principal } from '../testing/administration-bench.js';
import { account, SigningPerson } from '../testing/signing-person.js';
import { ProposeCredentialCommand } from './propose-credential.command.js';
import type { ProposedCredential, ProposedKey } from './propose-credential.command.js';
import { ProposeCredentialHandler } from './propose-credential.handler.js';

const ANA = principal('ana', 'approver');
const ADMIN = principal('ada');
const RELYING = { rpId: 'countersign.example', origin: 'https://countersign.example' };
const WEBAUTHN_KEY = { type: 'webauthn', id: 'AQID', publicKey: 'pQEC', transports: ['usb'], backupEligible: false } as const;
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;

/** Challenges in order; a response that names one is right. */
class FakeRegistration implements WebAuthnRegistration {
  given = 0;
  creationOptions(): Promise<CreationOptions> {
    this.given += 1;
    return Promise.resolve({ challenge: `c${this.given}` } as CreationOptions);
  }
  verifyRegistration(_: unknown, challenge: string): Promise<RegistrationVerdict> {
    return Promise.resolve(challenge === 'c9' ? { fault: { code: 'PROOF_INVALID', detail: 'no' } } : { key: WEBAUTHN_KEY });
  }
}
const answering = (challenge: string) => ({ response: { clientDataJSON: Buffer.from(JSON.stringify({ challenge })).toString('base64url') } });

describe('credentials', () => {
  let bench: AdministrationBench;
  let proposals: ProposalExecutor;
  let registration: FakeRegistration;
  beforeEach(() => {
    bench = new AdministrationBench();
    proposals = new CommandExecutor(bench.store, proposalDecider, new StreamStates(bench.store, proposalKind, { capacity: 10 }), bench.clock);
    registration = new FakeRegistration();
  });
  const propose = (key: ProposedKey, idempotencyKey: string | null = null, who = ANA): Promise<ProposedCredential> =>
    new ProposeCredentialHandler(bench.administration, proposals, registration, () => RELYING, bench.clock).execute(new ProposeCredentialCommand(metaOf(who, 'c', idempotencyKey, {}), who, 'a card', key));
  const options = (who = ANA): Promise<CreationOptions> => new RegistrationOptionsHandler(bench.administration, proposals, registration, () => RELYING).execute(new RegistrationOptionsCommand(metaOf(who, 'o', null, {}), who));
  const list = (who = ANA, owner: typeof ANA | null = null) => new ListCredentialsHandler(bench.administration, proposals, bench.clock).execute(new ListCredentialsQuery(who, owner));
  const confirm = async (operationId: string, ...by: readonly string[]): Promise<void> => {
    bench.operations.approve(operationId, by.map((name) => ({ by: account(name), proof: null })));
    await new ApplyActs(bench.controlPlane, bench.operations, bench.settings).handle([{ stream: `operation-${operationId}`, revision: 2, position: 2n, id: 'i', type: 'operations.approved.v1', data: {}, metadata: { commandId: 'c', actor: account('ada'), at: '' } }]);
  };
  const jwk = (name = 'ana'): ProposedKey => ({ type: 'jwk', publicJwk: new SigningPerson(account(name)).publicJwk });

  it('are proposed, confirmed by an administrator who is not their owner, and then count', async () => {
    const proposed = await propose(jwk());
    expect(proposed).toMatchObject({ type: 'jwk', label: 'a card', owner: account('ana'), status: 'proposed' });
    expect(bench.operations.only(proposed.operationId).proposal).toMatchObject({ resource: 'POST /v1/credentials', approvers: { count: 1, excluding: account('ana') }, act: { body: { credentialId: proposed.credentialId, owner: account('ana') } } });
    expect(await list()).toMatchObject([{ credentialId: proposed.credentialId, status: 'proposed' }]);
    await confirm(proposed.operationId, 'ana');
    expect(await list()).toEqual([]);
    const other = await propose(jwk());
    await confirm(other.operationId, 'ada');
    expect(await list()).toMatchObject([{ credentialId: other.credentialId, status: 'active' }]);
    expect((await bench.administration.fresh()).state.plane.credentials.get(other.credentialId)).toMatchObject({ owner: account('ana'), status: 'active' });
  });
  it('rule 3: again under its key it is the same one, in its present state', async () => {
    const key = jwk();
    const first = await propose(key, 'k');
    expect(await propose(key, 'k')).toEqual(first);
    await confirm(first.operationId, 'ada');
    expect(await propose(key, 'k')).toMatchObject({ credentialId: first.credentialId, operationId: first.operationId, status: 'active' });
    expect(bench.operations.proposed.size).toBe(1);
  });
  it('are nobody else\'s', async () => {
    const key = jwk();
    await confirm((await propose(key)).operationId, 'ada');
    await expect(propose(key, null, principal('ben', 'approver'))).rejects.toEqual(code('CREDENTIAL_EXISTS'));
  });
  it('are listed by their owner, by administrators and auditors', async () => {
    await confirm((await propose(jwk())).operationId, 'ada');
    await propose(jwk());
    expect(await list(principal('ben', 'approver'))).toEqual([]);
    await expect(list(principal('ben', 'approver'), ANA)).rejects.toEqual(code('ROLE_REQUIRED'));
    expect((await list(ADMIN, ANA)).map((c) => c.status)).toEqual(['active', 'proposed']);
    expect((await list(principal('aud', 'auditor'))).map((c) => c.status)).toEqual(['active']);
    bench.wall += 7 * 86_400_000;
    expect((await list(ADMIN, ANA)).map((c) => c.status)).toEqual(['active']);
  });
  it('are not proposed without end', async () => {
    for (let i = 0; i < 20; i += 1) await propose(jwk());
    await expect(propose(jwk())).rejects.toEqual(code('RATE_LIMITED'));
  });

  describe('of an authenticator', () => {
    it('answer a challenge that was given to their owner', async () => {
      const { challenge } = await options();
      expect(await propose({ type: 'webauthn', response: answering(challenge) })).toMatchObject({ type: 'webauthn', status: 'proposed' });
    });
    it.each([['none', {}], ['half', { response: { clientDataJSON: 'e30' } }], ['garbage', { response: { clientDataJSON: '%%' } }]])('with a response that is %s are refused', async (_, response) => {
      await expect(propose({ type: 'webauthn', response })).rejects.toEqual(code('PROOF_INVALID'));
    });
    it('to a challenge of somebody else, or an old one, are refused', async () => {
      const { challenge } = await options();
      await expect(propose({ type: 'webauthn', response: answering(challenge) }, null, principal('ben', 'approver'))).rejects.toEqual(code('CHALLENGE_MISMATCH'));
      bench.wall += 5 * 60_000;
      await expect(propose({ type: 'webauthn', response: answering(challenge) })).rejects.toEqual(code('CHALLENGE_EXPIRED'));
    });
    it('answer it once, also when two do at once', async () => {
      const { challenge } = await options();
      const response = answering(challenge);
      const told = await Promise.allSettled([propose({ type: 'webauthn', response }), propose({ type: 'webauthn', response })]);
      expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(propose({ type: 'webauthn', response })).rejects.toEqual(code('CHALLENGE_USED'));
      expect(await list()).toHaveLength(1);
    });
    it('that do not verify are refused', async () => {
      registration.given = 8;
      const { challenge } = await options();
      await expect(propose({ type: 'webauthn', response: answering(challenge) })).rejects.toEqual(code('PROOF_INVALID'));
    });
    it('rule 3: again under its key it is the same one, though its challenge is over', async () => {
      const { challenge } = await options();
      const first = await propose({ type: 'webauthn', response: answering(challenge) }, 'k');
      bench.wall += 3_600_000;
      expect(await propose({ type: 'webauthn', response: answering(challenge) }, 'k')).toEqual(first);
    });
  });
});
