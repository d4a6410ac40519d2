import fc from 'fast-check';
import { at, ChainWorld, headOf } from '../testing/chain-world.js';
import { account, SigningPerson } from '../testing/signing-person.js';
import { UNVERIFIED } from './verified-chain.js';
import type { ChainEvent, VerifiedChain } from './verified-chain.js';
import { verifyChain, verifyNext } from './verify-chain.js';

const NEW = { name: 'new', policy: { type: 'approvers', count: 3 } };
const codes = ({ faults }: VerifiedChain): readonly string[] => faults.map((f) => f.code);

describe('rule 22: the chain of a control plane', () => {
  let world: ChainWorld;
  let [ada, ben, cyd]: SigningPerson[] = [];
  beforeEach(() => {
    world = new ChainWorld();
    [ada, ben, cyd] = world.admins;
  });
  const people = (): readonly [SigningPerson, SigningPerson, SigningPerson] => {
    if (ada === undefined || ben === undefined || cyd === undefined) throw new Error('nobody');
    return [ada, ben, cyd];
  };
  const verified = (events: readonly ChainEvent[] = world.events): Promise<VerifiedChain> => verifyChain(events, world.options);

  it('verifies from the genesis on, and comes to the state that the api came to', async () => {
    const [one, two, three] = people();
    world.byOperation(one, 'PUT', '/v1/roster/fw', { members: [account('eve'), account('gus')] }, [two, three]);
    const session = world.session(one, 'POST /v1/policies', [two, three]);
    world.act(one, 'POST', '/v1/policies', NEW, session);
    world.act(two, 'POST', '/v1/keys/fw-prod/disable', { reason: 'lost' });
    world.act(one, 'POST', '/v1/deputies', { deputy: account('hal'), groups: ['fw'], from: at('10:00'), until: at('18:00'), reason: 'holiday' });
    world.run({ type: 'bind-key', keyId: 'fw-prod', publicKeySha256: 'a'.repeat(64), signer: 's', now: world.now });
    world.act(two, 'POST', `/v1/administration-sessions/${session}/close`);
    const chain = await verified();
    expect(chain).toMatchObject({ faults: [], uncounted: [], revision: world.events.length - 1, head: world.chain.head });
    expect(chain.state).toEqual(world.chain.plane);
  });

  it('goes on from what was verified, event by event', async () => {
    const [one, two, three] = people();
    world.byOperation(one, 'PUT', '/v1/roster/fw', { members: [] }, [two, three]);
    world.act(two, 'POST', '/v1/credentials/dan-key/revoke', { reason: 'lost' });
    let chain = UNVERIFIED;
    for (const event of world.events) chain = await verifyNext(chain, event, world.options);
    expect(chain).toEqual(await verified());
    expect(await verifyChain([], world.options, chain)).toBe(chain);
  });

  it('needs the genesis that is pinned', async () => {
    expect(codes(await verifyChain(world.events, { ...world.options, digest: '0'.repeat(64) }))).toEqual(['GENESIS_DIFFERS']);
    expect(codes(await verifyChain(world.events, { ...world.options, deployment: 'another' }))).toEqual(['GENESIS_DIFFERS']);
    const other = new ChainWorld();
    expect(codes(await verifyChain(other.events, world.options))).toEqual(['GENESIS_DIFFERS']);
    other.act(other.admin(0), 'POST', '/v1/keys/fw-prod/disable', { reason: 'x' });
    expect(codes(await verified(other.events.slice(1).map((e) => ({ ...e, revision: 0 }))))).toEqual(['GENESIS_MISSING']);
    expect(codes(await verified([...world.events, { ...world.events[0], revision: 1 } as ChainEvent]))).toEqual(['GENESIS_DIFFERS']);
  });

  it('rule 21: has no gap, and is the one that was remembered', async () => {
    const [one, two, three] = people();
    world.byOperation(one, 'PUT', '/v1/roster/fw', { members: [] }, [two, three]);
    world.act(two, 'POST', '/v1/credentials/dan-key/revoke', { reason: 'lost' });
    expect(codes(await verified(world.events.filter((_, i) => i !== 1)))).toEqual(['GAP']);
    expect(codes(await verified(world.events.filter((_, i) => i !== 1).map((e, revision) => ({ ...e, revision }))))).toEqual(['LINK_BROKEN']);
    const last = world.events.at(-1);
    if (last === undefined) throw new Error('no events');
    expect((await verifyChain(world.events, { ...world.options, remembered: { revision: 2, head: headOf(last) } })).faults).toEqual([]);
    expect(codes(await verifyChain(world.events, { ...world.options, remembered: { revision: 2, head: 'x' } }))).toEqual(['NOT_THE_REMEMBERED']);
  });

  describe('an act that the store alone wrote', () => {
    const forged = (over: Readonly<Record<string, unknown>>, type = 'administration.level-set.v1'): ChainEvent => ({
      revision: world.events.length, type,
      data: { method: 'PUT', path: '/v1/assurance-levels/L2', body: { policy: { type: 'none' } }, by: people()[0].actor, at: world.now, previous: world.chain.head, authority: { type: 'direct' }, proof: null, ...over },
    });
    const faultOf = async (event: ChainEvent): Promise<string | undefined> => (await verified([...world.events, event])).faults[0]?.code;

    it('has no proof', async () => expect(await faultOf(forged({}))).toBe('PROOF_MISSING'));
    it('has the proof of another act', async () => {
      const [one] = people();
      const other = { method: 'PUT', path: '/v1/assurance-levels/L1', body: {} };
      expect(await faultOf(forged({ proof: one.proof(other, world.chain.head) }))).toBe('PROOF_INVALID');
      const right = { method: 'PUT', path: '/v1/assurance-levels/L2', body: { policy: { type: 'none' } } };
      expect(await faultOf(forged({ proof: one.proof(right, 'A'.repeat(43) + '=') }))).toBe('PROOF_INVALID');
      expect(await faultOf(forged({ proof: one.proof(right, world.chain.head, 's') }))).toBe('PROOF_INVALID');
      expect(await faultOf(forged({ proof: new SigningPerson(account('ada')).proof(right, world.chain.head) }))).toBe('PROOF_INVALID');
      expect(await faultOf(forged({ proof: 'x.y.z' }))).toBe('PROOF_INVALID');
    });
    it('is one administrator\'s alone, who signed it', async () => {
      const [one, two] = people();
      const act = { method: 'PUT', path: '/v1/assurance-levels/L2', body: { policy: { type: 'none' } } };
      expect(await faultOf(forged({ proof: one.proof(act, world.chain.head) }))).toBe('QUORUM_NOT_MET');
      expect(await faultOf(forged({ proof: two.proof(act, world.chain.head) }))).toBe('CREDENTIAL_NOT_ACTIVE');
    });
    it('names a session that is not there, not his, or does not cover it', async () => {
      const [one, two, three] = people();
      const session = world.session(one, 'POST /v1/policies', [two, three]);
      const inSession = (by: SigningPerson, sessionId: string, method = 'POST', path = '/v1/policies', body: unknown = NEW, type = 'administration.policy-published.v1'): ChainEvent =>
        forged({ method, path, body, by: by.actor, authority: { type: 'session', sessionId }, proof: by.proof({ method, path, body }, world.chain.head, sessionId) }, type);
      expect(await faultOf(inSession(one, session))).toBeUndefined();
      expect(await faultOf(inSession(one, 'another'))).toBe('SESSION_NOT_OPEN');
      expect(await faultOf(inSession(two, session))).toBe('SESSION_NOT_OPEN');
      expect(await faultOf(inSession(one, session, 'PUT', '/v1/separation', { exclusive: [['a', 'b']], mutualWithinDays: 1 }, 'administration.separation-set.v1'))).toBe('SESSION_NOT_OPEN');
      expect(await faultOf(inSession(one, session, 'POST', '/v1/policies', { name: 'two-of-fw', policy: { type: 'none' } }))).toBe('SESSION_NOT_OPEN');
    });
    it('is named for something else, or says nothing', async () => {
      expect(await faultOf(forged({}, 'administration.roster-set.v1'))).toBe('EVENT_UNREADABLE');
      expect(await faultOf(forged({}, 'administration.unknown.v1'))).toBe('EVENT_UNREADABLE');
      for (const data of [null, 1, 'x', [], {}, { ...(forged({}).data as object), more: 1 }]) expect(await faultOf({ ...forged({}), data })).toBe('EVENT_UNREADABLE');
    });
    it('is older than the event before it', async () => expect(await faultOf(forged({ at: at('09:00') }))).toBe('TIME_WENT_BACK'));
    it('binds a key that was not permitted, or a pair that is another\'s', async () => {
      const bound = (keyId: string, pair: string): ChainEvent => ({ revision: world.events.length, type: 'administration.key-bound.v1', data: { keyId, publicKeySha256: pair.repeat(64), signer: 's', at: world.now, previous: world.chain.head } });
      expect(await faultOf(bound('nowhere', 'a'))).toBe('BINDING_REFUSED');
      world.run({ type: 'bind-key', keyId: 'evidence', publicKeySha256: 'a'.repeat(64), signer: 's', now: world.now });
      expect(await faultOf(bound('fw-prod', 'a'))).toBe('BINDING_REFUSED');
      expect(await faultOf(bound('evidence', 'b'))).toBe('BINDING_REFUSED');
      expect(await faultOf(bound('fw-prod', 'b'))).toBeUndefined();
      expect(codes(await verifyChain([...world.events, bound('fw-prod', 'b')], { ...world.options, knowsPair: (_, pair) => pair.startsWith('a') }))).toEqual(['BINDING_REFUSED']);
    });
  });

  describe('an act by an operation', () => {
    const act = { method: 'PUT', path: '/v1/roster/fw', body: { members: [account('eve'), account('mal')] } };
    const faultOf = async (change: (operation: ReturnType<ChainWorld['operation']>) => object, by: SigningPerson = people()[0], approvers: readonly SigningPerson[] = people().slice(1)): Promise<string | undefined> => {
      const proof = by.proof(act, world.chain.head);
      const operation = world.operation(by, { ...act, proof }, approvers, 'o1');
      const data = { ...act, by: by.actor, at: world.now, previous: world.chain.head, authority: { ...operation, ...change(operation) }, proof };
      return (await verified([...world.events, { revision: world.events.length, type: 'administration.roster-set.v1', data }])).faults[0]?.code;
    };
    it('holds as it was approved', async () => expect(await faultOf(() => ({}))).toBeUndefined());
    it('lacks an approval, or counts one twice', async () => {
      expect(await faultOf(({ decisions }) => ({ decisions: decisions.slice(1) }))).toBe('QUORUM_NOT_MET');
      expect(await faultOf(({ decisions }) => ({ decisions: [decisions[0], decisions[0]] }))).toBe('PROOF_INVALID');
      const [, two] = people();
      expect(await faultOf(({ statement, decisions }) => ({ decisions: [decisions[0], two.approval('o1', statement, 'approve', 'another')] }))).toBe('QUORUM_NOT_MET');
    });
    it('counts its proposer, or a second account of a human', async () => {
      const [one, two] = people();
      expect(await faultOf(({ statement, decisions }) => ({ decisions: [decisions[0], one.approval('o1', statement)] }))).toBe('QUORUM_NOT_MET');
      const laptop = new SigningPerson(account('ben-laptop'));
      world.byOperation(laptop, 'POST', '/v1/credentials', laptop.enrolment, people().slice(0, 1).concat(people().slice(2)));
      world.byOperation(one, 'PUT', '/v1/roster/administrators', { members: [...world.admins.map((a) => a.actor), laptop.actor] }, people().slice(1));
      expect(await faultOf(({ statement }) => ({ decisions: [two.approval('o1', statement), laptop.approval('o1', statement)] }))).toBe('QUORUM_NOT_MET');
    });
    it('has decisions over another request, or rejections', async () => {
      const [, two, three] = people();
      expect(await faultOf(({ statement }) => ({ decisions: [two.approval('o1', statement), three.approval('o1', `${statement} `)] }))).toBe('PROOF_INVALID');
      expect(await faultOf(({ statement }) => ({ decisions: [two.approval('o1', statement), three.approval('o2', statement)] }))).toBe('PROOF_INVALID');
      expect(await faultOf(({ statement }) => ({ decisions: [two.approval('o1', statement), three.approval('o1', statement, 'reject')] }))).toBe('PROOF_INVALID');
      expect(await faultOf(({ decisions }) => ({ decisions: decisions.map((d) => ({ ...d, proof: null })) }))).toBe('PROOF_MISSING');
    });
    it('rests on the statement of another act, operation, deployment or proposer', async () => {
      const [one, two, three] = people();
      const other = world.operation(one, { ...act, proof: one.proof(act, world.chain.head), body: { members: [] } }, [two, three], 'o1');
      expect(await faultOf(() => other)).toBe('OPERATION_NOT_ITS');
      expect(await faultOf(() => ({ operationId: 'o2' }))).toBe('OPERATION_NOT_ITS');
      expect(await faultOf(() => world.operation(two, { ...act, proof: one.proof(act, world.chain.head) }, [one, three], 'o1'))).toBe('OPERATION_NOT_ITS');
      expect(await faultOf(({ statement }) => ({ statement: statement.replace('"deployment":"d1"', '"deployment":"d2"') }))).toBe('OPERATION_NOT_ITS');
      expect(await faultOf(({ statement }) => ({ statement: ` ${statement}` }))).toBe('OPERATION_NOT_ITS');
      expect(await faultOf(() => world.operation(one, { ...act, proof: null }, [two, three], 'o1'))).toBe('OPERATION_NOT_ITS');
    });
    it('is used once', async () => {
      const [one, two, three] = people();
      const operationId = world.byOperation(one, act.method, act.path, act.body, [two, three]);
      const data = { ...act, by: one.actor, at: world.now, previous: world.chain.head, authority: world.operation(one, { ...act, proof: null }, [two, three], operationId), proof: one.proof(act, world.chain.head) };
      expect(codes(await verified([...world.events, { revision: 2, type: 'administration.roster-set.v1', data }]))).toEqual(['OPERATION_REUSED']);
    });
    it('is signed by whose credential was revoked before', async () => {
      const [, , three] = people();
      world.act(world.admin(3), 'POST', `/v1/credentials/${three.credentialId}/suspend`, { reason: 'lost' });
      expect(await faultOf(() => ({}))).toBe('QUORUM_NOT_MET');
    });
  });

  it('an act first seen after the end of its session does not count, and one of a session that seems to last longer neither', async () => {
    const [one, two, three] = people();
    const session = world.session(one, 'POST /v1/policies', [two, three]);
    world.act(one, 'POST', '/v1/policies', NEW, session);
    const late = await verifyChain(world.events, { ...world.options, firstSeenAt: ({ revision }) => (revision === 2 ? at('13:00') : undefined) });
    expect(late).toMatchObject({ faults: [], uncounted: [{ code: 'SESSION_OVER', revision: 2 }], revision: 2 });
    expect(late.state.policies.has('new')).toBe(false);
    // The store wrote a later time into the session's opening than it was seen at.
    const dated = await verifyChain(world.events, { ...world.options, firstSeenAt: ({ revision }) => (revision === 1 ? at('10:30') : at('11:45')) });
    expect(dated.uncounted).toMatchObject([{ code: 'SESSION_OVER' }]);
  });

  describe('the time that an act bears', () => {
    const dated = (time: string): readonly ChainEvent[] => world.events.map((e, i) => (i === world.events.length - 1 ? { ...e, data: { ...(e.data as object), at: time } } : e));
    const seen = (...times: readonly (string | undefined)[]) => ({ ...world.options, firstSeenAt: ({ revision }: ChainEvent) => times[revision] });

    it('later than it was seen, it is in force from when it was seen', async () => {
      const [one, two, three] = people();
      world.byOperation(one, 'PUT', '/v1/roster/fw', { members: [] }, [two, three]);
      const chain = await verifyChain(dated('2099-01-01T00:00:00.000Z'), seen(undefined, at('12:01')));
      expect(chain).toMatchObject({ faults: [], uncounted: [], since: at('12:01') });
    });
    it('later than it was seen, a session lasts no longer, and ends no sooner for what comes after', async () => {
      const [one, two, three] = people();
      world.now = '2099-01-01T00:00:00.000Z';
      world.act(two, 'POST', '/v1/keys/fw-prod/disable', { reason: 'by a clock that is ahead' });
      world.now = at('12:00');
      const opening = { method: 'POST', path: '/v1/administration-sessions', body: { purpose: 'work', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'POST /v1/policies' }] } };
      const id = '00000000-0000-4000-8000-00000000000a';
      const inChain = (act: object, authority: object, proof: string, type: string): void => {
        const event = { revision: world.events.length, type, data: { ...act, by: one.actor, at: '2099-01-01T00:00:00.000Z', previous: world.chain.head, authority, proof } };
        world.events.push(event);
        world.chain = { ...world.chain, head: headOf(event) };
      };
      const opened = one.proof(opening, world.chain.head);
      inChain(opening, world.operation(one, { ...opening, proof: opened }, [two, three], id), opened, 'administration.session-opened.v1');
      const act = { method: 'POST', path: '/v1/policies', body: NEW };
      inChain(act, { type: 'session', sessionId: id }, one.proof(act, world.chain.head, id), 'administration.policy-published.v1');
      const chain = await verifyChain(world.events, seen(undefined, at('12:00'), at('12:10'), at('13:09')));
      expect(chain).toMatchObject({ faults: [], uncounted: [], since: at('13:09') });
      expect(chain.state.sessions.get(id)).toMatchObject({ openedAt: at('12:10'), endsAt: at('13:10') });
      expect((await verifyChain(world.events, seen(undefined, at('12:00'), at('12:10'), at('13:10')))).uncounted).toMatchObject([{ code: 'SESSION_OVER', revision: 3 }]);
    });
    it('earlier than it was seen, it does not save an act whose operation was over', async () => {
      const [one, two, three] = people();
      world.byOperation(one, 'PUT', '/v1/roster/fw', { members: [] }, [two, three]);
      const counted = await verifyChain(world.events, seen(undefined, '2026-11-27T10:59:59.999Z'));
      expect(counted).toMatchObject({ faults: [], uncounted: [], since: at('12:00') });
      const over = await verifyChain(world.events, seen(undefined, '2026-11-27T11:00:00.000Z'));
      expect(over).toMatchObject({ faults: [], uncounted: [{ code: 'OPERATION_OVER', revision: 1 }], revision: 1 });
      expect(over.state.rosters.get('fw')).toHaveLength(2);
    });
    it('is never before that of the state before, whatever was seen when', () =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.nat(59), { minLength: 4, maxLength: 4 }), async (minutes) => {
          const fresh = new ChainWorld();
          for (const n of [1, 2, 3]) fresh.act(fresh.admin(0), 'POST', `/v1/credentials/${fresh.admin(3).credentialId}/suspend`, { reason: `r${n}` });
          for (const name of ['a', 'b', 'c']) fresh.byOperation(fresh.admin(0), 'POST', '/v1/policies', { ...NEW, name }, [fresh.admin(1), fresh.admin(2)]);
          const sights = minutes.map((m) => at(`11:${String(m).padStart(2, '0')}`));
          let chain = UNVERIFIED;
          for (const event of fresh.events) {
            const { since } = chain;
            chain = await verifyNext(chain, event, { ...fresh.options, firstSeenAt: ({ revision }) => sights[revision - 1] });
            expect(chain.faults).toEqual([]);
            expect(chain.since >= since && chain.since <= chain.state.at).toBe(true);
            // The highest sight so far: a clock that went back reopens nothing.
            if (event.revision > 0) expect(chain.since).toBe([...sights.slice(0, event.revision), ...(event.revision > sights.length ? [at('12:00')] : [])].sort().at(-1));
          }
        }),
        { numRuns: 20 },
      ));
  });

  describe('an act that does not count', () => {
    const takenBack = ({ revision }: ChainEvent): string | undefined => (revision === 1 ? 'it was revoked' : undefined);
    const NAMED = { keyId: 'new-key', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'new' } };

    it('was taken back before it was done, and its operation is used up', async () => {
      const [one, two, three] = people();
      const operationId = world.byOperation(one, 'POST', '/v1/policies', NEW, [two, three]);
      const chain = await verifyChain(world.events, { ...world.options, takenBack });
      expect(chain).toMatchObject({ faults: [], uncounted: [{ code: 'TAKEN_BACK', detail: 'it was revoked', revision: 1 }], revision: 1, head: world.chain.head });
      expect(chain.state.policies.has('new')).toBe(false);
      expect(chain.state.operations.has(operationId)).toBe(true);
    });
    it('breaks nothing that follows: what rests on it does not count either, what does not goes on', async () => {
      const [one, two, three] = people();
      world.byOperation(one, 'POST', '/v1/policies', NEW, [two, three]);
      world.byOperation(one, 'POST', '/v1/keys', NAMED, [two, three]);
      world.byOperation(two, 'PUT', '/v1/roster/fw', { members: [] }, [one, three]);
      const chain = await verifyChain(world.events, { ...world.options, takenBack });
      expect(chain).toMatchObject({ faults: [], uncounted: [{ code: 'TAKEN_BACK', revision: 1 }, { code: 'EFFECT_REFUSED', revision: 2 }], revision: 3 });
      expect(chain.state.keys.has('new-key')).toBe(false);
      expect(chain.state.rosters.get('fw')).toEqual([]);
    });
    it('leaves a person whose credential does not count without acts', async () => {
      const [one, two, three] = people();
      const eve = new SigningPerson(account('eve'));
      world.byOperation(eve, 'POST', '/v1/credentials', eve.enrolment, [one, two]);
      world.act(eve, 'POST', '/v1/deputies', { deputy: account('hal'), groups: ['fw'], from: at('10:00'), until: at('18:00'), reason: 'holiday' });
      world.byOperation(two, 'PUT', '/v1/roster/fw', { members: [] }, [one, three]);
      const chain = await verifyChain(world.events, { ...world.options, takenBack });
      expect(chain).toMatchObject({ faults: [], uncounted: [{ code: 'TAKEN_BACK' }, { code: 'CREDENTIAL_NOT_ACTIVE', revision: 2 }], revision: 3 });
      expect(chain.state.deputies.size).toBe(0);
    });
    it('excuses nothing that no administrator wrote', async () => {
      const [one, two, three] = people();
      world.byOperation(one, 'POST', '/v1/policies', NEW, [two, three]);
      world.byOperation(two, 'PUT', '/v1/roster/fw', { members: [] }, [one, three]);
      const altered = world.events.map((e, i) => (i === 2 ? { ...e, data: { ...(e.data as object), body: { members: [account('mal')] } } } : e));
      expect(codes(await verifyChain(altered, { ...world.options, takenBack }))).toEqual(['PROOF_INVALID']);
      expect(codes(await verifyChain(world.events.filter((_, i) => i !== 1).map((e, revision) => ({ ...e, revision })), { ...world.options, takenBack }))).toEqual(['LINK_BROKEN']);
    });
  });
});
