import { randomUUID } from 'node:crypto';
import { statementDigest } from '#identity/contract.js';
import { GateWorld, SigningPerson, TWO_SIGNED, account } from './gate-world.js';
import type { Request, Reserved } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
interface Forgery {
  readonly what: string;
  /** What is written to the operation's stream by somebody who may write there, and holds no key of others. */
  readonly write: (world: GateWorld, request: Request) => readonly Stored[];
  readonly blockers: readonly string[];
}
const good = (world: GateWorld, request: Request): readonly Stored[] => world.stored(request, [world.approval(world.eve, request), world.approval(world.fay, request)]);
const change = <T extends object>(event: Stored | undefined, over: Partial<T>): Stored => ({ type: event?.type ?? '', data: { ...(event?.data as T), ...over } });
const rejectionBy = (person: SigningPerson, w: GateWorld, r: Request): Stored => ({ type: 'operations.rejection-given.v1', data: { ...w.approval(person, r).data, proof: undefined } });
/** Something between the approvals and `approved`. */
const behind = (events: readonly Stored[], ...what: readonly Stored[]): readonly Stored[] => [...events.slice(0, -2), ...what, ...events.slice(-2)];
const altered = (request: Request, over: Partial<Request>): Request => ({ ...request, ...over });
const usage = (request: Request, over: object): Request['keyUsages'] => request.keyUsages.map((one) => ({ ...one, ...over }));

const FORGERIES: readonly Forgery[] = [
  { what: 'rule 21: more uses than were asked for', write: (w, r) => good(w, r).map((e, i) => (i === 0 ? change<Request>(e, { keyUsages: usage(r, { maxUsageCount: 1_000 }) }) : e)), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: another description', write: (w, r) => good(w, r).map((e, i) => (i === 0 ? change<Request>(e, { description: 'another release' }) : e)), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: a later end', write: (w, r) => good(w, r).map((e, i) => (i === 0 ? change<Request>(e, { expiresAt: '2027-11-20T12:00:00.000Z' }) : e)), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: another policy digest', write: (w, r) => good(w, r).map((e, i) => (i === 0 ? change<Request>(e, { policyDigest: statementDigest('x') }) : e)), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: another statement, restated', write: (w, r) => good(w, r).map((e, i) => (i === 0 ? { ...e, data: w.stated(altered(r, { description: 'another' })) } : e)), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID', 'PROOF_INVALID', 'BINDING_MISMATCH'] },
  { what: 'rule 21: a request of another deployment', write: (w, r) => good(w, w.stated(r, 'd2')), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: the events of another operation', write: (w, r) => good(w, w.stated({ ...r, operationId: randomUUID() })).map((e, i, all) => (i === all.length - 1 ? w.order(r) : e)), blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 21: a second request behind the first', write: (w, r) => [...good(w, r).slice(0, -1), { type: 'operations.requested.v1', data: r }, { type: 'operations.approved.v1', data: {} }, w.order(r)], blockers: ['POLICY_TAMPERED'] },
  { what: 'rule 22: a policy that asks nobody', write: (w, r) => w.stored(w.stated({ ...r, keyUsages: usage(r, { policy: { type: 'none' } }) }), []), blockers: ['POLICY_TAMPERED'] },
  {
    what: 'rule 22: a policy that asks one',
    write: (w, r) => {
      const one = w.stated({ ...r, keyUsages: usage(r, { policy: { ...TWO_SIGNED, tree: { ...TWO_SIGNED.tree, count: 1, role: 'approver' } } }) });
      return w.stored(one, [w.approval(w.eve, one)]);
    },
    blockers: ['POLICY_TAMPERED'],
  },
  {
    what: 'rule 22: a policy that asks for no proof',
    write: (w, r) => {
      const token = w.stated({ ...r, keyUsages: usage(r, { policy: { type: 'approvers', count: 2, group: 'fw', role: 'approver' } }) });
      return good(w, token);
    },
    blockers: ['POLICY_TAMPERED'],
  },
  { what: 'rule 24: one approval taken out', write: (w, r) => good(w, r).filter((_, i) => i !== 1), blockers: ['QUORUM_NOT_MET'] },
  { what: 'rule 24: approved without any approval', write: (w, r) => w.stored(r, []), blockers: ['QUORUM_NOT_MET'] },
  { what: 'rule 24: one approval twice', write: (w, r) => { const a = w.approval(w.eve, r); return w.stored(r, [a, a]); }, blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 24: an approval in the name of somebody else', write: (w, r) => w.stored(r, [w.approval(w.eve, r), change(w.approval(w.eve, r), { by: w.fay.actor })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 24: an approval without a proof', write: (w, r) => { const { proof: _, ...data } = w.approval(w.fay, r).data; return w.stored(r, [w.approval(w.eve, r), { type: 'operations.approval-given.v1', data }]); }, blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  {
    what: 'rule 24: an approval by a key that only says whose it is',
    write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(new SigningPerson(w.fay.actor), r)]),
    blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'],
  },
  { what: 'rule 24: a credential that nobody enrolled', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(new SigningPerson(w.fay.actor, 'of-my-own'), r)]), blockers: ['QUORUM_NOT_MET', 'CREDENTIAL_NOT_ACTIVE'] },
  { what: 'rule 25: a rejection told as an approval', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { decision: 'reject' })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 25: an approval of another operation', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { operationId: randomUUID() })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 25: an approval of another request', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { requestDigest: statementDigest('x') })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 25: an approval under other policies', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { policyDigest: statementDigest('x') })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 25: an approval for another service', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { audience: 'https://countersign.example.org' })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 25: an old approval told as a new one', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r, { at: '2026-11-20T11:00:00.000Z' })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  {
    what: 'rule 25: an approval that was withdrawn, brought back',
    write: (w, r) => {
      const a = w.approval(w.fay, r);
      return w.stored(r, [w.approval(w.eve, r), a, { type: 'operations.approval-withdrawn.v1', data: { by: w.fay.actor } }, a]);
    },
    blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'],
  },
  { what: 'rule 25: a time in another form, before everything as a text', write: (w, r) => w.stored(r, [w.approval(w.eve, r), change(w.approval(w.zoe, r), { at: '+002026-11-20T12:00:00.000Z' })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 20: a message in place of a digest', write: (w, r) => good(w, r).map((e, i, all) => (i === all.length - 1 ? change<Reserved>(e, { input: { message: Buffer.alloc(32, 1).toString('base64') } }) : e)), blockers: ['BINDING_MISMATCH'] },
  { what: 'rule 25: approved behind its revocation', write: (w, r) => behind(good(w, r), { type: 'operations.revoked.v1', data: { by: w.oli.actor, personal: { name: null, reason: 'x' } } }), blockers: ['OPERATION_REVOKED'] },
  { what: 'rule 25: approved behind its rejection', write: (w, r) => behind(good(w, r), { type: 'operations.rejected.v1', data: {} }), blockers: ['OPERATION_REVOKED'] },
  { what: 'rule 25: approved behind its expiry', write: (w, r) => behind(good(w, r), { type: 'operations.expired.v1', data: {} }), blockers: ['WINDOW_CLOSED'] },
  { what: 'rule 25: approved behind its last use', write: (w, r) => behind(good(w, r), { type: 'operations.exhausted.v1', data: {} }), blockers: ['OPERATION_REVOKED'] },
  {
    what: 'rule 25: a rejection, withdrawn in the name of who gave it',
    write: (w, r) => behind(good(w, r), rejectionBy(w.gil, w, r), { type: 'operations.approval-withdrawn.v1', data: { by: w.gil.actor } }),
    blockers: ['OPERATION_REVOKED'],
  },
  {
    what: 'rule 25: a rejection, and an approval in place of it',
    write: (w, r) => behind(good(w, r), rejectionBy(w.gil, w, r), { ...rejectionBy(w.gil, w, r), type: 'operations.approval-given.v1' }),
    blockers: ['OPERATION_REVOKED'],
  },
  { what: 'rule 23: a group that only the event tells', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(w.zoe, r)]), blockers: ['QUORUM_NOT_MET', 'NOT_ELIGIBLE'] },
  { what: 'rule 23: a deputy whom nobody named', write: (w, r) => w.stored(r, [w.approval(w.eve, r), change(w.approval(w.zoe, r), { onBehalfOf: { deputyId: 'd', principal: w.fay.actor, groups: ['fw'] } })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
  { what: 'rule 20: an order that nobody signed', write: (w, r) => [...good(w, r).slice(0, -1), { ...w.order(r), data: { ...w.order(r).data, proof: undefined } }], blockers: ['PROOF_INVALID'] },
  { what: 'rule 20: an order that somebody else signed', write: (w, r) => [...good(w, r).slice(0, -1), w.order(r, {}, w.zoe)], blockers: ['PROOF_INVALID'] },
  { what: 'rule 20: an order by a key that only says whose it is', write: (w, r) => [...good(w, r).slice(0, -1), w.order(r, {}, new SigningPerson(w.oli.actor))], blockers: ['PROOF_INVALID'] },
  { what: 'rule 20: other digests than the orderer signed', write: (w, r) => [...good(w, r).slice(0, -1), change<Reserved>(w.order(r), { input: { digests: [statementDigest('other')] } })], blockers: ['BINDING_MISMATCH'] },
  { what: 'rule 20: one signature for a second order', write: (w, r) => [...good(w, r).slice(0, -1), change<Reserved>(w.order(r), { signOrderId: randomUUID() })], blockers: ['BINDING_MISMATCH'] },
  { what: 'rule 20: one signature under another Idempotency-Key', write: (w, r) => { const o = w.order(r); return [...good(w, r).slice(0, -1), change<Reserved>(o, { proof: { jws: o.data.proof?.jws ?? '', idempotencyKey: 'another' } })]; }, blockers: ['BINDING_MISMATCH'] },
  { what: 'an approval by who asked', write: (w, r) => { const own = w.stated({ ...r, requestedBy: w.eve.actor }); return w.stored(own, [w.approval(w.eve, own), w.approval(w.fay, own)], w.order(own, {}, w.eve)); }, blockers: ['QUORUM_NOT_MET', 'NOT_ELIGIBLE'] },
  { what: 'the approval of his delegate account', write: (w, r) => w.stored(r, [w.approval(w.eve, r), change(w.approval(w.eve, r), { by: account('ada-laptop') })]), blockers: ['QUORUM_NOT_MET', 'PROOF_INVALID'] },
];

describe('who may write the event store, and holds nobody’s key', () => {
  let world: GateWorld;
  beforeEach(async () => {
    world = new GateWorld();
    await world.begin();
  });
  afterEach(() => world.stop());

  it('rules 20, 21, 22, 23, 24, 25: what people asked for and approved is signed', async () => {
    const request = world.request();
    expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
    expect(world.hsm.signed).toHaveLength(1);
  });

  it.each(FORGERIES)('gets no signature: $what', async ({ write, blockers }) => {
    const request = world.request();
    expect(await world.blocked(request.operationId, write(world, request))).toEqual(blockers);
    expect(world.hsm.signed).toEqual([]);
    // One forged operation is in the way of no other.
    const other = world.request();
    expect((await world.signs(other.operationId, good(world, other))).type).toBe('signing.completed.v1');
  });
});
