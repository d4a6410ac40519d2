import { randomId } from '#eventing/ids.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { genesisDigest } from '../chain-digest.js';
import { AdministrationBench, principal } from '../testing/administration-bench.js';
import { genesisDocument } from '../testing/chain-world.js';
import { account, SigningPerson, TestProofVerifier } from '../testing/signing-person.js';
import { verifyChain } from '../verify-chain/verify-chain.js';
import { ApplyActs } from '../apply-acts/apply-acts.process.js';

const ADA = principal('ada');
const POLICY = { name: 'p', policy: { type: 'approvers', count: 2 } };
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;

describe('with a quorum of one', () => {
  it('an act is done, and answered with what it made', async () => {
    const bench = new AdministrationBench();
    const outcome = await bench.act(ADA, 'POST', '/v1/policies', POLICY);
    expect('done' in outcome && outcome.done.state.plane.policies.get('p')).toMatchObject([{ version: 1 }]);
    expect((await bench.administration.fresh()).revision).toBe(0);
  });
  it('rule 3: again under its key it is answered as it was', async () => {
    const bench = new AdministrationBench();
    await bench.act(ADA, 'POST', '/v1/policies', POLICY, { key: 'k' });
    await bench.act(ADA, 'POST', '/v1/policies', { ...POLICY, policy: { type: 'none' } });
    const again = await bench.act(ADA, 'POST', '/v1/policies', POLICY, { key: 'k' });
    expect('done' in again && again.done).toMatchObject({ revision: 0 });
    await expect(bench.act(ADA, 'POST', '/v1/policies', { ...POLICY, name: 'q' }, { key: 'k' })).rejects.toEqual(code('IDEMPOTENCY_KEY_REUSED'));
    expect(await bench.types()).toHaveLength(2);
  });
  it('rule 22: acts of several processes at the same instant are one chain', async () => {
    const store = new MemoryEventStore();
    const [here, there] = [new AdministrationBench(1, store), new AdministrationBench(1, store)];
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? here : there).act(ADA, 'PUT', `/v1/roster/g${i}`, { members: [] })));
    const events = await here.events();
    expect(events).toHaveLength(20);
    const previous = events.map((e) => (e.data as { readonly previous: string | null }).previous);
    expect(new Set(previous).size).toBe(20);
    expect((await here.administration.fresh()).state).toEqual((await there.administration.fresh()).state);
  });
  it('says what is wrong with a call', async () => {
    const bench = new AdministrationBench();
    await expect(bench.act(ADA, 'POST', '/v1/policies', {})).rejects.toEqual(code('VALIDATION_FAILED'));
    await expect(bench.act(ADA, 'POST', '/v1/policies', { name: 'p', policy: { type: 'threshold', k: 3, of: [{ type: 'none' }] } })).rejects.toEqual(code('POLICY_UNSATISFIABLE'));
    await expect(bench.act(ADA, 'PUT', '/v1/assurance-levels/L9', POLICY)).rejects.toEqual(code('NOT_FOUND'));
    await expect(bench.act(ADA, 'POST', '/v1/administration-sessions', { purpose: 'p', validMs: 9 * 3_600_000, grants: [{ action: 'sign', resource: 'k', maxUsageCount: 1 }] })).rejects.toMatchObject({ code: 'VALIDATION_FAILED', more: { faults: [{ path: '/validMs' }] } });
    expect(await bench.administration.governs()).toBe(false);
  });
});

describe('with a quorum of two', () => {
  it('an act becomes an operation of the others', async () => {
    const bench = new AdministrationBench(2);
    const outcome = await bench.act(ADA, 'POST', '/v1/policies', POLICY);
    const operationId = 'operationId' in outcome ? outcome.operationId : '';
    expect(bench.operations.only(operationId).proposal).toMatchObject({ action: 'administer', resource: 'POST /v1/policies', act: { body: POLICY, proof: null }, description: 'Publish the policy p', validMs: 7 * 86_400_000, approvers: { count: 2, excluding: null, signed: false } });
    expect(await bench.types()).toEqual([]);
    expect(await bench.administration.governs()).toBe(true);
  });
  it('rule 3: one operation for one command, before and after it is approved', async () => {
    const bench = new AdministrationBench(2);
    const first = await bench.act(ADA, 'POST', '/v1/policies', POLICY, { key: 'k' });
    const operationId = 'operationId' in first ? first.operationId : '';
    expect(await bench.act(ADA, 'POST', '/v1/policies', POLICY, { key: 'k' })).toEqual(first);
    bench.operations.approve(operationId, [account('ben'), account('cyd')].map((by) => ({ by, proof: null })));
    await new ApplyActs(bench.controlPlane, bench.operations, bench.settings).handle([{ stream: `operation-${operationId}`, revision: 3, position: 1n, id: 'x', type: 'operations.approved.v1', data: {}, metadata: { commandId: 'c', actor: account('ben'), at: '' } }]);
    expect(await bench.types()).toEqual(['policy-published']);
    expect(await bench.act(ADA, 'POST', '/v1/policies', POLICY, { key: 'k' })).toEqual(first);
    expect(await bench.types()).toEqual(['policy-published']);
    expect(bench.operations.proposed.size).toBe(1);
  });
  it('proposes nothing that could not be done, or is so already', async () => {
    const bench = new AdministrationBench(2);
    await expect(bench.act(ADA, 'PUT', '/v1/people/nobody', { status: 'suspended' })).rejects.toEqual(code('NOT_FOUND'));
    await expect(bench.act(ADA, 'PUT', '/v1/people/p', {})).rejects.toEqual(code('VALIDATION_FAILED'));
    expect(await bench.act(ADA, 'PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 0 })).toMatchObject({ done: { revision: -1 } });
    await expect(bench.act(principal('eve', 'approver'), 'POST', '/v1/policies', POLICY)).rejects.toEqual(code('ROLE_REQUIRED'));
    expect(bench.operations.proposed.size).toBe(0);
  });
});

describe('with a genesis', () => {
  let bench: AdministrationBench;
  const [ada, ben, cyd, dan] = ['ada', 'ben', 'cyd', 'dan'].map((name) => new SigningPerson(account(name))) as [SigningPerson, SigningPerson, SigningPerson, SigningPerson];
  const document = genesisDocument([ada, ben, cyd, dan]);
  const digest = genesisDigest(document);
  const head = async (): Promise<string | null> => (await bench.administration.fresh()).state.head;
  const signed = async (by: SigningPerson, method: string, path: string, body: unknown, session: string | null = null, key: string | null = null) =>
    bench.act(principal(by.actor.subject), method, path, body, { proof: by.proof({ method, path, body }, await head(), session), key });
  beforeEach(async () => {
    bench = new AdministrationBench(1);
    await bench.controlPlane.execute({ stream: bench.settings.stream, meta: { commandId: randomId(), keyed: false, actor: account('x'), bodyDigest: null, requestId: null }, build: () => ({ type: 'lay-genesis', document, digest }) });
  });

  it('asks for a proof, over this call, at this place, by an active credential of the caller\'s', async () => {
    await expect(bench.act(ADA, 'POST', '/v1/policies', POLICY)).rejects.toEqual(code('PROOF_REQUIRED'));
    const over = async (by: SigningPerson, body: unknown, previous: string | null): Promise<unknown> => bench.act(ADA, 'POST', '/v1/policies', POLICY, { proof: by.proof({ method: 'POST', path: '/v1/policies', body }, previous) }).then(() => 'done', (error: { readonly code: string }) => error.code);
    expect(await over(ada, { other: 1 }, await head())).toBe('PROOF_INVALID');
    expect(await over(ben, POLICY, await head())).toBe('CREDENTIAL_NOT_ACTIVE');
    expect(await over(new SigningPerson(account('ada')), POLICY, await head())).toBe('PROOF_INVALID');
    expect(await over(ada, POLICY, null)).toBe('CONTROL_PLANE_MOVED');
    await expect(bench.act(ADA, 'POST', '/v1/policies', POLICY, { proof: 'x.y.z' })).rejects.toEqual(code('PROOF_INVALID'));
    expect(await over(ada, POLICY, await head())).toBe('done');
  });

  it('is a chain that verifies: sessions, operations and what is at once', async () => {
    const apply = async (operationId: string, ...by: readonly SigningPerson[]): Promise<void> => {
      bench.operations.approve(operationId, by.map((one) => one.approval(operationId, bench.operations.statement(operationId))));
      await new ApplyActs(bench.controlPlane, bench.operations, bench.settings).handle([{ stream: `operation-${operationId}`, revision: 3, position: 1n, id: 'x', type: 'operations.approved.v1', data: {}, metadata: { commandId: 'c', actor: account('ben'), at: '' } }]);
    };
    const proposed = async (by: SigningPerson, method: string, path: string, body: unknown): Promise<string> => {
      const outcome = await signed(by, method, path, body);
      return 'operationId' in outcome ? outcome.operationId : '';
    };
    const roster = await proposed(ada, 'PUT', '/v1/roster/fw', { members: [account('gus')] });
    await bench.act(principal('ben'), 'POST', '/v1/keys/fw-prod/disable', { reason: 'lost' });
    const session = await proposed(ada, 'POST', '/v1/administration-sessions', { purpose: 'p', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'POST /v1/policies' }] });
    await apply(roster, ben, cyd);
    await apply(session, cyd, dan);
    await signed(ada, 'POST', '/v1/policies', POLICY, session);
    const events = await bench.events();
    expect(await bench.types()).toEqual(['genesis-laid', 'key-disabled', 'roster-set', 'session-opened', 'policy-published']);
    const chain = await verifyChain(events, { digest, deployment: 'd1', verifier: new TestProofVerifier(), firstSeenAt: () => undefined });
    expect(chain).toMatchObject({ faults: [], uncounted: [], head: await head() });
    expect(chain.state).toEqual((await bench.administration.fresh()).state.plane);
    await expect(signed(ben, 'POST', '/v1/policies', POLICY, session)).rejects.toEqual(code('SESSION_REQUIRED'));
    // Approved, it would stand there under a proof that names another authority.
    await expect(signed(ada, 'POST', '/v1/administration-sessions', { purpose: 'q', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'POST /v1/policies' }] }, session)).rejects.toEqual(code('SESSION_REQUIRED'));
  });

  it('has approvers sign where a genesis asks for it', async () => {
    const outcome = await signed(ada, 'PUT', '/v1/roster/fw', { members: [] });
    expect(bench.operations.only('operationId' in outcome ? outcome.operationId : '').proposal).toMatchObject({ approvers: { count: 2, signed: true } });
    expect(await bench.administration.governs()).toBe(true);
  });
});
