import type { Actor } from '#kernel/actor.js';
import { initialControlPlane } from './state.js';
import { act, ADA, after, account, at, BEN, credential, CYD, DAN, decisions, EVE, genesis, given, HEAD, laid, operation, proven } from './testing/given-control-plane.js';

const LEVEL = { policy: { type: 'approvers', count: 3 } };
const POLICY = { name: 'new', policy: { type: 'approvers', count: 1 } };
const two = { quorum: 2 };

describe('with a quorum of one and no genesis', () => {
  it('any administrator acts at once, without a proof', () => {
    given().when(act(ADA, 'POST', '/v1/policies', POLICY)).then('policy-published', { by: ADA, method: 'POST', path: '/v1/policies', body: POLICY, previous: HEAD, authority: { type: 'direct' }, proof: null, at: at('12:00') });
    given().when(act(ADA, 'PUT', '/v1/assurance-levels/L2', { policy: { type: 'none' } })).then('level-set');
    given().when(act(ADA, 'POST', '/v1/keys/k/enable', { reason: 'r' })).then('key-enabled');
  });
  it('nobody else does', () => {
    for (const [method, path, body] of [['POST', '/v1/policies', POLICY], ['PUT', '/v1/roster/fw', { members: [] }], ['POST', '/v1/keys/k/disable', { reason: 'r' }]] as const) given().when(act(ADA, method, path, body, { administrator: false })).refuses('ROLE_REQUIRED');
  });
  it('credentials and sessions await somebody else all the same', () => {
    given().when(act(EVE, 'POST', '/v1/credentials', credential('eve'), { administrator: false })).refuses('SESSION_REQUIRED');
    given().when(act(ADA, 'POST', '/v1/administration-sessions', { purpose: 'p', validMs: 60_000, grants: [{ action: 'sign', resource: 'root', maxUsageCount: 1 }] })).refuses('SESSION_REQUIRED');
    given().when(act(EVE, 'POST', '/v1/credentials', credential('eve'), { administrator: false, operation: operation() })).refuses('OPERATION_NOT_APPROVED');
    given().when(act(EVE, 'POST', '/v1/credentials', credential('eve'), { administrator: false, operation: operation(BEN) })).then('credential-enrolled');
  });
  it('issuers and quorum are the configuration\'s', () => {
    given().when(act(ADA, 'PUT', '/v1/quorum', { quorum: 2 })).refuses('GENESIS_REQUIRED');
    given().when(act(ADA, 'PUT', '/v1/issuers', { issuers: [{ issuer: 'https://a.example', audience: 'a' }] })).refuses('GENESIS_REQUIRED');
  });
});

describe('with a quorum of two', () => {
  it('a change is an operation of its own', () => {
    given().when(act(ADA, 'POST', '/v1/policies', POLICY, two)).refuses('SESSION_REQUIRED');
    given().when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(BEN, CYD) })).then('policy-published', { authority: { type: 'operation', operationId: 'o1' } });
  });
  it('which counts humans other than its proposer', () => {
    const state = after(initialControlPlane, [ADA, 'PUT', '/v1/people/ben', { accounts: [BEN, DAN] }], [ADA, 'PUT', '/v1/people/ada', { accounts: [ADA, EVE], owns: [account('bot')] }]);
    const by = (...names: readonly Actor[]): void => given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(...names) })).refuses('OPERATION_NOT_APPROVED');
    by(BEN);
    by(BEN, BEN);
    by(BEN, DAN);
    by(BEN, ADA);
    by(BEN, EVE);
    by(BEN, account('bot'));
  });
  it('and their machines as their owners, who come first', () => {
    const state = after(initialControlPlane, [ADA, 'PUT', '/v1/people/ben', { accounts: [BEN], owns: [account('bot'), account('of-two')] }], [ADA, 'PUT', '/v1/people/cyd', { accounts: [CYD], owns: [account('of-two')] }]);
    const by = (...names: readonly Actor[]) => given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(...names) }));
    by(BEN, account('bot')).refuses('OPERATION_NOT_APPROVED');
    by(account('bot'), account('of-two'), BEN).refuses('OPERATION_NOT_APPROVED');
    by(CYD, account('bot')).then('policy-published');
    by(account('of-two'), BEN, CYD).then('policy-published', { authority: { decisions: decisions(BEN, CYD) } });
  });
  it('nor the deputy of its proposer', () => {
    const state = after(initialControlPlane, [ADA, 'POST', '/v1/deputies', { deputy: CYD, groups: ['g'], from: at('10:00'), until: at('18:00'), reason: 'r' }]);
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(BEN, CYD) })).refuses('OPERATION_NOT_APPROVED');
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(BEN, CYD), now: at('19:00') })).then('policy-published');
  });
  it('is done once by an operation, whatever comes again', () => {
    const again = act(ADA, 'POST', '/v1/policies', POLICY, { ...two, operation: operation(BEN, CYD) });
    given(given().when(again).after()).when(again).nothing();
    const refused = { type: 'refuse-act', operationId: 'o1', by: ADA, code: 'C', detail: 'd', now: at('12:00') } as const;
    given(given().when(refused).after()).when(again).nothing();
    given(given().when(again).after()).when(refused).nothing();
  });
  it('is over when its operation is; with a genesis before signers could see it too late', () => {
    const late = (now: string, over: object = two): ReturnType<typeof act> => act(ADA, 'POST', '/v1/policies', POLICY, { ...over, operation: operation(BEN, CYD), now });
    given().when(late('2026-11-27T11:59:59.999Z')).then('policy-published');
    given().when(late('2026-11-27T12:00:00.000Z')).refuses('OPERATION_EXPIRED');
    given(laid()).when(late('2026-11-27T11:58:59.999Z', { proof: proven(ADA) })).then('policy-published');
    given(laid()).when(late('2026-11-27T11:59:00.000Z', { proof: proven(ADA) })).refuses('OPERATION_EXPIRED');
  });
  it('what only takes power away is at once, for any administrator', () => {
    const state = after(initialControlPlane, [ADA, 'POST', '/v1/credentials', credential('eve')], [ADA, 'PUT', '/v1/people/eve', { accounts: [EVE] }], [EVE, 'POST', '/v1/deputies', { deputy: BEN, groups: ['g'], from: at('10:00'), until: at('18:00'), reason: 'r' }]);
    const [deputyId = ''] = state.deputies.keys();
    given(state).when(act(BEN, 'POST', '/v1/credentials/eve-key/suspend', { reason: 'r' }, two)).then('credential-suspended', { authority: { type: 'direct' } });
    given(state).when(act(BEN, 'POST', '/v1/credentials/eve-key/revoke', { reason: 'r' }, two)).then('credential-revoked');
    given(state).when(act(BEN, 'PUT', '/v1/people/eve', { status: 'suspended' }, two)).then('person-suspended');
    given(state).when(act(BEN, 'PUT', '/v1/people/eve', { accounts: [EVE], owns: [], status: 'suspended' }, two)).then('person-set', { authority: { type: 'direct' } });
    given(state).when(act(BEN, 'POST', '/v1/keys/k/disable', { reason: 'r' }, two)).then('key-disabled');
    given(state).when(act(BEN, 'DELETE', `/v1/deputies/${deputyId}`, {}, two)).then('deputy-withdrawn');
  });
  it('what gives it back is not', () => {
    const state = after(initialControlPlane, [ADA, 'POST', '/v1/credentials', credential('eve')], [ADA, 'POST', '/v1/credentials/eve-key/suspend', { reason: 'r' }], [ADA, 'PUT', '/v1/people/eve', { accounts: [EVE], status: 'suspended' }]);
    given(state).when(act(BEN, 'POST', '/v1/credentials/eve-key/resume', { reason: 'r' }, two)).refuses('SESSION_REQUIRED');
    given(state).when(act(BEN, 'PUT', '/v1/people/eve', { status: 'active' }, two)).refuses('SESSION_REQUIRED');
    given(state).when(act(BEN, 'PUT', '/v1/people/eve', { accounts: [account('eve-2')], status: 'suspended' }, two)).refuses('SESSION_REQUIRED');
    given(state).when(act(BEN, 'POST', '/v1/keys/k/enable', { reason: 'r' }, two)).refuses('SESSION_REQUIRED');
  });
});

describe('owners', () => {
  const state = after(initialControlPlane, [ADA, 'POST', '/v1/credentials', credential('eve')], [EVE, 'POST', '/v1/deputies', { deputy: BEN, groups: ['g'], from: at('10:00'), until: at('18:00'), reason: 'r' }]);
  const [deputyId = ''] = state.deputies.keys();
  const own = { administrator: false, quorum: 2 };
  it('suspend and revoke their credentials, and nobody else\'s', () => {
    given(state).when(act(EVE, 'POST', '/v1/credentials/eve-key/suspend', { reason: 'r' }, own)).then('credential-suspended');
    given(state).when(act(EVE, 'POST', '/v1/credentials/eve-key/revoke', { reason: 'r' }, own)).then('credential-revoked');
    given(state).when(act(DAN, 'POST', '/v1/credentials/eve-key/suspend', { reason: 'r' }, own)).refuses('ROLE_REQUIRED');
    given(state).when(act(EVE, 'POST', '/v1/credentials/eve-key/resume', { reason: 'r' }, own)).refuses('ROLE_REQUIRED');
  });
  it('name and withdraw their deputies', () => {
    expect(state.deputies.get(deputyId)).toMatchObject({ principal: EVE, deputy: BEN, withdrawnAt: null });
    given(state).when(act(EVE, 'DELETE', `/v1/deputies/${deputyId}`, {}, own)).then('deputy-withdrawn');
    given(state).when(act(BEN, 'DELETE', `/v1/deputies/${deputyId}`, {}, own)).refuses('ROLE_REQUIRED');
    given(state).when(act(BEN, 'DELETE', '/v1/deputies/00000000-0000-4000-8000-000000000000', {}, { quorum: 2 })).refuses('NOT_FOUND');
  });
  it('propose their own credentials', () => given(state).when(act(ADA, 'POST', '/v1/credentials', credential('dan'), { operation: operation(BEN) })).refuses('NOT_ELIGIBLE'));
  it('do nothing once they are suspended', () => {
    const suspended = after(state, [ADA, 'PUT', '/v1/people/eve', { accounts: [EVE], status: 'suspended' }]);
    given(suspended).when(act(EVE, 'POST', '/v1/deputies', { deputy: BEN, groups: ['g'], from: at('10:00'), until: at('18:00'), reason: 'r' }, own)).refuses('NOT_ELIGIBLE');
  });
});

describe('with a genesis', () => {
  const state = laid();
  it('administrators are its own, whatever tokens say', () => {
    given(state).when(act(EVE, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' })).refuses('ROLE_REQUIRED');
    given(state).when(act(ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }, { administrator: false })).refuses('ROLE_REQUIRED');
    given(state).when(act(ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' })).then('key-disabled');
  });
  it('every act bears a proof but what takes power away', () => {
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { operation: operation(BEN, CYD) })).refuses('PROOF_REQUIRED');
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { operation: operation(BEN, CYD), proof: proven(ADA) })).then('policy-published', { proof: 'e30.e30.AA' });
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { operation: operation(BEN, CYD), proof: proven(BEN) })).refuses('CREDENTIAL_NOT_ACTIVE');
    given(state).when(act(EVE, 'POST', '/v1/deputies', { deputy: BEN, groups: ['g'], from: at('10:00'), until: at('18:00'), reason: 'r' }, { administrator: false })).refuses('PROOF_REQUIRED');
  });
  it('a proof names the head that is there', () => {
    given(state).when(act(ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }, { proof: { ...proven(ADA), previous: `${'B'.repeat(43)}=` } })).refuses('CONTROL_PLANE_MOVED');
    given(state).when(act(ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }, { proof: proven(ADA) })).then('key-disabled');
  });
  it('approvals count by proofs of active credentials alone', () => {
    const by = (...d: ReturnType<typeof decisions>): ReturnType<typeof act> => act(ADA, 'POST', '/v1/policies', POLICY, { proof: proven(ADA), operation: { ...operation(), decisions: d } });
    const [ben, cyd] = decisions(BEN, CYD);
    if (ben === undefined || cyd === undefined) throw new Error('no decisions');
    given(state).when(by(ben, { ...cyd, proof: null })).refuses('OPERATION_NOT_APPROVED');
    given(state).when(by(ben, { ...cyd, by: EVE })).refuses('OPERATION_NOT_APPROVED');
    given(after(state, [DAN, 'POST', '/v1/credentials/cyd-key/suspend', { reason: 'r' }])).when(by(ben, cyd)).refuses('OPERATION_NOT_APPROVED');
    given(laid({ minimumProof: 'webauthn' })).when(by(ben, cyd)).refuses('OPERATION_NOT_APPROVED');
  });
  it('only approvals that count are kept with the act', () => {
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { proof: proven(ADA), operation: operation(BEN, ADA, CYD, EVE, BEN) })).then('policy-published', { authority: { decisions: [{ by: BEN }, { by: CYD }] } });
  });
  it('nothing is kept that a verifier would not read', () => {
    const told = decisions(BEN, CYD).map((one) => ({ ...one, at: at('11:00'), by: { ...one.by, name: 'x' } }));
    const command = act({ ...ADA, name: 'x' } as typeof ADA, 'POST', '/v1/policies', POLICY, { proof: proven(ADA), operation: { ...operation(), decisions: told } });
    given(state).when(command).then('policy-published', { by: ADA });
    const [event] = given(state).when(command).events();
    const { expiresAt: _, ...authority } = operation(BEN, CYD);
    expect(event?.data).toEqual({ method: 'POST', path: '/v1/policies', body: POLICY, by: ADA, at: at('12:00'), previous: HEAD, authority, proof: 'e30.e30.AA' });
    given(state).when({ ...command, operation: { ...operation(BEN, CYD), statement: '' } }).refuses('VALIDATION_FAILED');
  });
  it('the quorum is its own', () => given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { proof: proven(ADA), quorum: 1, operation: operation(BEN) })).refuses('OPERATION_NOT_APPROVED'));

  describe('too few administrators', () => {
    const three = after(state, [ADA, 'PUT', '/v1/roster/administrators', { members: [ADA, BEN, CYD] }]);
    const byOperation = { proof: proven(ADA), operation: operation(BEN, CYD) };
    it('are never left', () => {
      given(three).when(act(ADA, 'PUT', '/v1/roster/administrators', { members: [ADA, BEN] }, byOperation)).refuses('QUORUM_TOO_SMALL');
      given(three).when(act(ADA, 'PUT', '/v1/quorum', { quorum: 3 }, byOperation)).refuses('QUORUM_TOO_SMALL');
      given(three).when(act(ADA, 'POST', '/v1/credentials/cyd-key/revoke', { reason: 'r' })).refuses('QUORUM_TOO_SMALL');
      given(state).when(act(ADA, 'PUT', '/v1/issuers', { issuers: [{ issuer: 'https://other.example', audience: 'countersign' }] }, byOperation)).refuses('QUORUM_TOO_SMALL');
      given(three).when(act(ADA, 'PUT', '/v1/people/b', { accounts: [BEN, CYD] }, byOperation)).refuses('QUORUM_TOO_SMALL');
      given(three).when(act(ADA, 'PUT', '/v1/people/b', { accounts: [BEN], owns: [CYD] }, byOperation)).refuses('QUORUM_TOO_SMALL');
      given(after(three, [ADA, 'PUT', '/v1/people/b', { accounts: [BEN] }])).when(act(ADA, 'PUT', '/v1/people/b', { status: 'suspended' })).refuses('QUORUM_TOO_SMALL');
    });
    it('are no matter where enough are left', () => {
      given(state).when(act(ADA, 'POST', '/v1/credentials/cyd-key/revoke', { reason: 'r' })).then('credential-revoked');
      given(state).when(act(ADA, 'PUT', '/v1/quorum', { quorum: 3 }, byOperation)).then('quorum-set');
    });
  });

  it('is the first event, or there is none', () => {
    const lay = { type: 'lay-genesis', document: genesis(), digest: 'd' } as const;
    given().when(lay).refuses('GENESIS_REQUIRED');
  });

  it('rule 15: a pair is bound once, to a key that was permitted', () => {
    const bind = (keyId: string, pair = 'a') => ({ type: 'bind-key', keyId, publicKeySha256: pair.repeat(64), signer: 's', now: at('12:00') }) as const;
    given(state).when(bind('fw-prod')).then('key-bound', { keyId: 'fw-prod', previous: HEAD });
    const bound = given(state).when(bind('fw-prod')).after();
    given(bound).when(bind('fw-prod', 'b')).nothing();
    given(bound).when(bind('evidence')).nothing();
    given(state).when(bind('nowhere')).nothing();
    given(bound).when(act(ADA, 'POST', '/v1/keys', { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { proof: proven(ADA), operation: operation(BEN, CYD) })).refuses('KEY_EXISTS');
  });
});

describe('a session', () => {
  const opening = { purpose: 'keys', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'PUT /v1/roster/*' }, { action: 'administer', resource: 'POST /v1/policies' }] };
  const state = given(laid()).when(act(ADA, 'POST', '/v1/administration-sessions', opening, { proof: proven(ADA), operation: operation(BEN, CYD) })).after();
  const inIt = (method: string, path: string, body: unknown, over: Partial<Parameters<typeof act>[4]> = {}): ReturnType<typeof act> => act(ADA, method, path, body, { proof: proven(ADA, 'o1'), ...over });
  it('has the id of its operation, and lasts as long as it says', () => expect(state.sessions.get('o1')).toMatchObject({ openedBy: ADA, openedAt: at('12:00'), endsAt: at('13:00'), closed: null }));
  it('carries what its grants name', () => {
    given(state).when(inIt('POST', '/v1/policies', POLICY)).then('policy-published', { authority: { type: 'session', sessionId: 'o1' } });
    given(state).when(inIt('PUT', '/v1/roster/fw', { members: [] })).then('roster-set');
    given(state).when(inIt('PUT', '/v1/separation', { exclusive: [['a', 'b'], ['c', 'd']], mutualWithinDays: 9 })).refuses('SESSION_REQUIRED');
  });
  it('carries nothing that weakens', () => {
    given(state).when(inIt('PUT', '/v1/roster/fw', { members: [EVE, DAN] })).refuses('SESSION_REQUIRED');
    given(state).when(inIt('POST', '/v1/policies', { name: 'two', policy: { type: 'none' } })).refuses('SESSION_REQUIRED');
  });
  it('is named by no proof of what is done without one', () => {
    for (const session of ['o1', 'nowhere']) {
      given(state).when(act(ADA, 'POST', '/v1/deputies', { deputy: EVE, groups: ['fw'], from: at('12:00'), until: at('13:00'), reason: 'away' }, { proof: proven(ADA, session) })).refuses('SESSION_REQUIRED');
      given(state).when(act(ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }, { proof: proven(ADA, session) })).refuses('SESSION_REQUIRED');
    }
  });
  it('is its opener\'s, and over by the clock', () => {
    given(state).when(act(BEN, 'POST', '/v1/policies', POLICY, { proof: proven(BEN, 'o1') })).refuses('SESSION_REQUIRED');
    given(state).when(inIt('POST', '/v1/policies', POLICY, { now: '2026-11-20T12:58:59.999Z' })).then('policy-published');
    given(state).when(inIt('POST', '/v1/policies', POLICY, { now: at('12:59') })).refuses('SESSION_ENDING');
    given(state).when(inIt('POST', '/v1/policies', POLICY, { now: at('13:00') })).refuses('SESSION_REQUIRED');
    given(state).when(act(ADA, 'POST', '/v1/policies', POLICY, { proof: proven(ADA, 'o2') })).refuses('SESSION_REQUIRED');
  });
  it('is over by the time that the act would bear, which is never earlier than that of the last one', () => {
    const ahead = { ...state, at: at('13:00') };
    given(ahead).when(inIt('POST', '/v1/policies', POLICY, { now: at('12:30') })).refuses('SESSION_REQUIRED');
    given(ahead).when(act(ADA, 'POST', '/v1/deputies', { deputy: EVE, groups: ['fw'], from: at('12:00'), until: at('13:00'), reason: 'away' }, { proof: proven(ADA), now: at('12:30') })).refuses('VALIDATION_FAILED');
  });
  it('is closed by any administrator at once', () => {
    given(state).when(act(DAN, 'POST', '/v1/administration-sessions/00000000-0000-4000-8000-000000000000/close')).refuses('NOT_FOUND');
    const uuid = '00000000-0000-4000-8000-000000000001';
    const named = { ...state, sessions: new Map([[uuid, { ...state.sessions.get('o1'), sessionId: uuid } as never]]) };
    const close = act(DAN, 'POST', `/v1/administration-sessions/${uuid}/close`);
    given(named).when(close).then('session-closed');
    const closed = given(named).when(close).after();
    given(closed).when(close).nothing();
    given(closed).when(inIt('POST', '/v1/policies', POLICY, { proof: proven(ADA, uuid) })).refuses('SESSION_REQUIRED');
  });
  it('is found where no proof names it: without a genesis', () => {
    const opened = given().when(act(ADA, 'POST', '/v1/administration-sessions', opening, { quorum: 2, operation: operation(BEN, CYD) })).after();
    given(opened).when(act(ADA, 'POST', '/v1/policies', POLICY, two)).then('policy-published', { authority: { type: 'session', sessionId: 'o1' } });
    given(opened).when(act(ADA, 'POST', '/v1/policies', POLICY, { ...two, now: '2026-11-20T12:59:59.999Z' })).then('policy-published');
    given(opened).when(act(BEN, 'POST', '/v1/policies', POLICY, two)).refuses('SESSION_REQUIRED');
    given(opened).when(act(ADA, 'PUT', '/v1/assurance-levels/L2', LEVEL, two)).refuses('SESSION_REQUIRED');
  });
});

describe('what would change nothing', () => {
  const state = after(initialControlPlane, [ADA, 'POST', '/v1/policies', POLICY], [ADA, 'PUT', '/v1/assurance-levels/L1', LEVEL], [ADA, 'PUT', '/v1/roster/fw', { members: [EVE, DAN] }], [ADA, 'PUT', '/v1/people/p', { accounts: [EVE], owns: [DAN] }], [ADA, 'PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 1 }]);
  it.each([
    ['POST', '/v1/policies', POLICY], ['PUT', '/v1/assurance-levels/L1', LEVEL], ['PUT', '/v1/roster/fw', { members: [DAN, EVE] }], ['PUT', '/v1/people/p', { accounts: [EVE], owns: [DAN], status: 'active' }],
    ['PUT', '/v1/people/p', {}], ['PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 1 }],
  ])('%s %s writes nothing', (method, path, body) => given(state).when(act(ADA, method, path, body)).nothing());
});

describe('what can not be', () => {
  const state = after(laid(), [ADA, 'POST', '/v1/credentials/dan-key/revoke', { reason: 'r' }]);
  const by = { proof: proven(ADA), operation: operation(BEN, CYD) };
  it.each([
    ['an account of two people', 'PUT', '/v1/people/other', { accounts: [ADA] }, 'ACCOUNT_TAKEN'], ['a person without accounts', 'PUT', '/v1/people/nobody', {}, 'VALIDATION_FAILED'], ['a machine that is his own account', 'PUT', '/v1/people/p-ada', { owns: [ADA] }, 'VALIDATION_FAILED'],
    ['nobody suspended', 'PUT', '/v1/people/nobody', { status: 'suspended' }, 'NOT_FOUND'], ['a revoked credential resumed', 'POST', '/v1/credentials/dan-key/resume', { reason: 'r' }, 'CREDENTIAL_NOT_ACTIVE'],
    ['a credential that is none', 'POST', '/v1/credentials/none/revoke', { reason: 'r' }, 'NOT_FOUND'], ['a key under a policy that is none', 'POST', '/v1/keys', { keyId: 'n', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'none' } }, 'POLICY_NOT_FOUND'],
    ['a key under a version that is none', 'PUT', '/v1/keys/fw-prod/approval-policy', { ref: 'two', version: 9 }, 'POLICY_NOT_FOUND'], ['a policy for no key', 'PUT', '/v1/keys/none/approval-policy', { type: 'none' }, 'KEY_NOT_FOUND'], ['no key enabled', 'POST', '/v1/keys/none/enable', { reason: 'r' }, 'KEY_NOT_FOUND'],
    ['a session for no key', 'POST', '/v1/administration-sessions', { purpose: 'p', validMs: 60_000, grants: [{ action: 'sign', resource: 'none', maxUsageCount: 1 }] }, 'KEY_UNKNOWN'],
  ])('%s', (_, method, path, body, code) => given(state).when(act(ADA, method, path, body, by)).refuses(code));
  it('one key for two credentials', () => {
    given(state).when(act(EVE, 'POST', '/v1/credentials', { ...credential('ben'), credentialId: 'x', owner: EVE }, { operation: operation(BEN, CYD) })).refuses('CREDENTIAL_EXISTS');
    given(state).when(act(EVE, 'POST', '/v1/credentials', { ...credential('eve'), credentialId: 'dan-key' }, { operation: operation(BEN, CYD) })).refuses('CREDENTIAL_EXISTS');
  });
  it('a deputy who is oneself, or for a time that is over', () => {
    const deputy = (who: unknown, until: string) => act(ADA, 'POST', '/v1/deputies', { deputy: who, groups: ['g'], from: at('10:00'), until, reason: 'r' }, { proof: proven(ADA) });
    given(state).when(deputy(account('ada-2'), at('18:00'))).refuses('VALIDATION_FAILED');
    given(state).when(deputy(BEN, at('11:00'))).refuses('VALIDATION_FAILED');
    given(state).when(deputy(BEN, at('18:00'))).then('deputy-named');
  });
  it('a key disabled that the chain does not know is no reason not to disable it', () => given(state).when(act(ADA, 'POST', '/v1/keys/elsewhere/disable', { reason: 'r' })).then('key-disabled'));
});

it('rule 14: an act is never earlier than the one before it', () => {
  given(after(initialControlPlane, [ADA, 'POST', '/v1/policies', POLICY])).when(act(ADA, 'PUT', '/v1/assurance-levels/L1', LEVEL, { now: at('09:00') })).then('level-set', { at: at('11:00') });
});
