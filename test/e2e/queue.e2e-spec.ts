import fc from 'fast-check';
import type { OperationView } from '#operations/application/operation-view.js';
import { startIssuer } from '#test/system/issuer.js';
import type { Issuer } from '#test/system/issuer.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, List, Person } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const ROLES = ['orderer', 'approver', 'administrator', 'auditor'];
const GROUPS = ['g1', 'g2'];
const POLICIES: Readonly<Record<string, unknown>> = {
  none: NONE,
  any: { type: 'approvers', count: 1 },
  'any-two': { type: 'approvers', count: 2 },
  g1: { type: 'approvers', count: 1, group: 'g1' },
  'g2-two': { type: 'approvers', count: 2, group: 'g2' },
  admins: { type: 'approvers', count: 1, role: 'administrator' },
  'auditors-g1': { type: 'approvers', count: 2, role: 'auditor', group: 'g1' },
  orderers: { type: 'approvers', count: 1, role: 'orderer' },
};

interface Who {
  readonly issuer: 0 | 1;
  readonly subject: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}
type Act = readonly ['approve' | 'reject' | 'withdraw', Who];

let issuers: readonly [Issuer, Issuer];
let other: Issuer;
let scene: Scene;
beforeAll(async () => {
  other = await startIssuer();
  scene = await Scene.open({}, ({ issuer }) => ({ identity: { issuers: [issuer, other].map(({ url }) => ({ issuer: url, audience: 'countersign', jwksUri: `${url}/jwks` })) } }));
  issuers = [scene.service.issuer, other];
  for (const [keyId, policy] of Object.entries(POLICIES)) await scene.key(keyId, 'ES256', policy);
  await scene.key('fw', 'ES256', ofFirmware(1));
});
afterAll(async () => {
  await scene.close();
  await other.close();
});

const personOf = ({ issuer, subject, roles, groups }: Who): Person => scene.as(subject, roles, { groups }, issuers[issuer]);
/** All pages of a list, so many items each. */
async function paged<T>(ask: (query: string) => Promise<Answer<List<T>>>, limit: number, filter = ''): Promise<readonly T[]> {
  const all: T[] = [];
  for (let cursor = ''; ;) {
    const { items, nextCursor } = expected(await ask(`?limit=${limit}${filter}${cursor}`), 200);
    if (nextCursor !== undefined) expect(items.length).toBe(limit);
    all.push(...items);
    if (nextCursor === undefined) return all;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
}
/** Until the rows are at least as far as this operation. */
const followed = ({ operationId, revision }: OperationView): Promise<unknown> =>
  eventually(async () => expected(await scene.admin.lists('?limit=200'), 200).items.find((o) => o.operationId === operationId)?.revision ?? -1, (there) => there >= revision, 2_000);

describe('the queue', () => {
  it('holds an operation exactly when a decision of this caller is accepted', async () => {
    const who = fc.record<Who>({ issuer: fc.constantFrom(0, 1), subject: fc.constantFrom('a', 'b', 'c'), roles: fc.subarray(ROLES), groups: fc.subarray(GROUPS) });
    const keys = fc.uniqueArray(fc.constantFrom(...Object.keys(POLICIES)), { minLength: 1, maxLength: 3 });
    const history = fc.array(fc.tuple(fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'withdraw' as const, 'reject' as const), who), { maxLength: 3 });
    const tally = { in: 0, out: 0 };
    // One operation for each who tries, since a decision changes it.
    const made = async (requester: Who, keyIds: readonly string[], acts: readonly Act[]): Promise<OperationView> => {
      let operation = await personOf({ ...requester, roles: ['orderer', ...requester.roles] }).operation(Object.fromEntries(keyIds.map((keyId) => [keyId, 1])));
      for (const [act, by] of acts) {
        const answer = act === 'withdraw' ? await personOf(by).withdraws(operation) : await personOf(by).decides(act, operation);
        if (answer.status < 300) operation = answer.body;
      }
      return operation;
    };
    await fc.assert(fc.asyncProperty(who, keys, history, fc.array(who, { minLength: 3, maxLength: 3 }), fc.constantFrom('approve' as const, 'reject' as const), async (requester, keyIds, acts, callers, decision) => {
      for (const caller of [...callers, requester]) {
        const operation = await made(requester, keyIds, acts);
        await followed(operation);
        const person = personOf(caller);
        const queue = caller.roles.length === 0 ? [] : await paged((query) => person.queue(query), 200);
        const queued = queue.find((o) => o.operationId === operation.operationId);
        // A refusal that was counted meanwhile may have moved it on.
        if (queued !== undefined) expect(queued).toEqual({ ...operation, revision: expect.any(Number) });
        const decided = await person.decides(decision, operation);
        const accepted = decided.status === 201 && decided.body.decisions.length > operation.decisions.length;
        tally[accepted ? 'in' : 'out'] += 1;
        expect({ inQueue: queued !== undefined, accepted, said: decided.said }).toEqual({ inQueue: accepted, accepted, said: decided.said });
        if (!accepted || decided.body.state !== 'pending') continue;
        await followed(decided.body);
        expect((await paged((query) => person.queue(query), 200)).some((o) => o.operationId === operation.operationId)).toBe(false);
      }
    }), { numRuns: 40, seed: 7, endOnFailure: true });
    // The property says something of both.
    expect(Math.min(tally.in, tally.out)).toBeGreaterThan(15);
  }, 120_000);

  it('is in the order of expiry, in pages', async () => {
    const minutes = [50, 10, 40, 20, 30, 10];
    const operations: OperationView[] = [];
    for (const m of minutes) operations.push(await scene.orderer.operation({ fw: 1 }, { validMs: m * 60_000 }));
    for (const operation of operations) await followed(operation);
    const mine = new Set(operations.map((o) => o.operationId));
    for (const limit of [1, 2, 5, 200]) {
      const queue = await paged((query) => scene.ana.queue(query), limit);
      expect(new Set(queue.map((o) => o.operationId)).size).toBe(queue.length);
      expect(queue.filter((o) => mine.has(o.operationId)).length).toBe(minutes.length);
      const expiries = queue.map((o) => o.expiresAt);
      expect(expiries).toEqual([...expiries].sort());
    }
  });

  it('loses what expires by the clock, at once', async () => {
    const operation = await scene.orderer.operation({ fw: 1 }, { validMs: 1_000 });
    await eventually(() => paged((query) => scene.ana.queue(query), 200), (queue) => queue.some((o) => o.operationId === operation.operationId), 900);
    await sleep(Math.max(0, Date.parse(operation.expiresAt) - Date.now()) + 5);
    expect((await paged((query) => scene.ana.queue(query), 200)).some((o) => o.operationId === operation.operationId)).toBe(false);
  });
});

describe('the lists', () => {
  it('hold exactly what their filters say, newest first, in pages', async () => {
    const [one, two] = [scene.as('lister-1', ['orderer', 'approver'], { groups: ['firmware-approvers'] }), scene.as('lister-2', ['orderer', 'approver'], { groups: ['firmware-approvers'] })];
    const [onlyOrderer, admin] = [scene.as('lister-3', ['orderer']), scene.admin];
    const model: { operation: OperationView; requester: Person; deciders: Person[] }[] = [];
    const keySets = [['none'], ['fw'], ['fw', 'none'], ['any-two', 'fw']];
    for (let n = 0; n < 16; n += 1) {
      const [requester, decider] = n % 4 === 3 ? [onlyOrderer, one] : n % 2 === 0 ? [one, two] : [two, one];
      const entry = { operation: await requester.operation(Object.fromEntries((keySets[n % 4] ?? []).map((k) => [k, 2])), n === 5 || n === 8 ? { validMs: 1_000 } : {}), requester, deciders: [] as Person[] };
      model.push(entry);
      const step = async (answer: Promise<Answer<OperationView>>): Promise<void> => void (entry.operation = expected(await answer, 200, 201));
      if (entry.operation.state === 'pending' && n % 3 !== 0) {
        await step(decider.decides(n % 5 === 0 ? 'reject' : 'approve', entry.operation));
        entry.deciders.push(decider);
      }
      if (n === 14 && entry.deciders.length > 0) {
        await step(decider.withdraws(entry.operation));
        entry.deciders.pop();
      }
      if (n === 12 || n === 7) await step(requester.revokes(entry.operation));
      if (n === 4) await scene.ended(await requester.orders(entry.operation, { keyId: 'none', digests: [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')], digestAlgorithm: 'SHA-256' }), requester);
    }
    await sleep(Math.max(0, ...model.map(({ operation }) => Date.parse(operation.expiresAt)).filter((t) => t < Date.now() + 2_000).map((t) => t - Date.now())) + 10);
    for (const entry of model) entry.operation = await eventually(async () => expected(await admin.reads(entry.operation), 200), (o) => o.state !== 'approved' || o.keyUsages.some((u) => u.remainingCount > 0), 2_000);
    for (const { operation } of model) await followed(operation);
    expect(new Set(model.map(({ operation }) => operation.state))).toEqual(new Set(['pending', 'approved', 'rejected', 'revoked', 'expired', 'exhausted']));

    const ours = new Set(model.map(({ operation }) => operation.operationId));
    for (const state of ['', 'pending', 'approved', 'rejected', 'revoked', 'expired', 'exhausted'])
      for (const keyId of ['', 'fw', 'none', 'nowhere'])
        for (const [who, mine] of [[one, ''], [one, 'requestedBy'], [two, 'decidedBy'], [admin, 'requestedBy'], [onlyOrderer, ''], [onlyOrderer, 'decidedBy']] as const) {
          const filter = `${state && `&state=${state}`}${keyId && `&keyId=${keyId}`}${mine && `&${mine}=me`}`;
          const listed = (await paged((query) => who.lists(query), 3, filter)).filter((o) => ours.has(o.operationId));
          const wanted = model.filter(({ operation, requester, deciders }) => (state === '' || operation.state === state) && (keyId === '' || operation.keyUsages.some((u) => u.keyId === keyId))
            && (mine !== 'requestedBy' || requester.subject === who.subject) && (mine !== 'decidedBy' || deciders.some((d) => d.subject === who.subject)) && (who !== onlyOrderer || requester.subject === who.subject)).reverse();
          expect({ filter, listed }).toEqual({ filter, listed: wanted.map(({ operation }) => operation) });
        }
  }, 120_000);

  it('keep their pages while newer ones come', async () => {
    const before = await paged((query) => scene.admin.lists(query), 200);
    const first = expected(await scene.admin.lists('?limit=4'), 200);
    await followed(await scene.orderer.operation({ none: 1 }));
    const second = expected(await scene.admin.lists(`?limit=4&cursor=${encodeURIComponent(first.nextCursor ?? '')}`), 200);
    expect([...first.items, ...second.items].map((o) => o.operationId)).toEqual(before.slice(0, 8).map((o) => o.operationId));
    expect((await scene.ana.queue(`?cursor=${encodeURIComponent(first.nextCursor ?? '')}`)).said).toBe('422 VALIDATION_FAILED');
  });

  it('follow within a second', async () => {
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const operation = await scene.orderer.operation({ fw: 1 });
      const began = performance.now();
      const [queued, listed, trail] = [
        eventually(() => scene.ana.queue('?limit=200'), (r) => r.body.items.some((o) => o.operationId === operation.operationId), 1_000),
        eventually(() => scene.orderer.lists('?limit=5&requestedBy=me'), (r) => r.body.items.some((o) => o.operationId === operation.operationId), 1_000),
        eventually(() => scene.auditor.trail(operation), (r) => r.body.items.length > 0, 1_000),
      ];
      await Promise.all([queued, listed, trail]);
      delays.push(performance.now() - began);
    }
    expect(Math.max(...delays)).toBeLessThan(1_000);
  });
});
