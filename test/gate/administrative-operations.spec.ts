import type { ActData } from '#administration/contract.js';
import { chainDigest } from '#administration/contract.js';
import { operationStream } from '#operations/contract.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import { GateWorld } from './gate-world.js';
import type { Request } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
/** Two of firmware sign what the key is under before. */
const LAX = { name: 'pinned', policy: { type: 'none' } };
const REVOKED: Stored = { type: 'operations.revoked.v1', data: { by: { issuer: 'i', subject: 's' }, personal: { name: null, reason: 'a mistake' } } };

describe('rules 22 and 25: an act of the control plane whose operation', () => {
  let world: GateWorld;
  beforeEach(async () => {
    world = new GateWorld();
    await world.begin();
    // Beyond what clocks may differ by: an operation is under what was in force about its request.
    world.saga.clock.advance(120_000);
    world.chain.now = world.saga.trusted.now().closing;
  });
  afterEach(() => world.stop());

  /** Lets the key be used without anybody's approval. @returns the events of its operation, approved */
  const weakened = (): { readonly operationId: string; readonly events: readonly Stored[] } => {
    const operationId = world.chain.byOperation(world.chain.admin(0), 'POST', '/v1/policies', LAX, world.chain.admins.slice(1, 3));
    const { authority, method, path, body, proof, by } = world.planeEvents.at(-1)?.data as ActData;
    if (authority.type !== 'operation') throw new Error('it rests on no operation');
    const grants = [{ action: 'administer', resource: `${method} ${path}`, policy: { type: 'approvers', count: 2, group: null, role: 'administrator' }, act: { method, path, body, proof }, excluding: [] }] as unknown as NonNullable<Request['grants']>;
    const request = { ...world.stated({ ...world.request(), operationId, requestedBy: by, keyUsages: [], expiresAt: '2026-11-27T11:00:00.000Z' }), grants };
    const given = authority.decisions.map((d) => ({ type: 'operations.approval-given.v1', data: { by: d.by, roles: ['administrator'], groups: [], at: world.chain.now, requestDigest: request.requestDigest, proof: d.proof, personal: { name: null, claims: {}, comment: null } } }));
    return { operationId, events: [{ type: 'operations.requested.v1', data: request }, ...given, { type: 'operations.approved.v1', data: {} }] };
  };
  /** What becomes of an order that nobody approved. */
  const outcome = async (): Promise<readonly string[]> => {
    const request = world.request();
    return world.blocked(request.operationId, world.stored(request, []));
  };
  const seen = (): Promise<string | undefined> => eventually(() => world.saga.ledger.note('act', `${world.planeEvents.length - 1} ${chainDigest(world.planeEvents.at(-1) as Stored)}`), (told) => told !== undefined);
  const withdrawn = (of: number): Stored => ({ type: 'operations.approval-withdrawn.v1', data: { by: world.chain.admin(of).actor } });

  it.each<[string, () => readonly Stored[], string]>([
    ['stands as it was approved', () => [], 'signing.completed.v1'],
    ['was revoked before counts nowhere', () => [REVOKED], 'POLICY_TAMPERED'],
    ['was rejected before counts nowhere', () => [{ type: 'operations.rejected.v1', data: {} }], 'POLICY_TAMPERED'],
    ['had an approval withdrawn before counts nowhere', () => [withdrawn(2)], 'POLICY_TAMPERED'],
    ['had another approval withdrawn before counts', () => [withdrawn(3)], 'signing.completed.v1'],
  ])('%s', async (_what, more, expected) => {
    const { operationId, events } = weakened();
    await world.write(operationStream(operationId), [...events, ...more()]);
    await world.writePlane();
    expect(await outcome()).toEqual([expected]);
  });

  it.each<[string, () => Stored]>([['a revocation', () => REVOKED], ['a withdrawal', () => withdrawn(1)]])('is noted when a signer sees it taken back: %s', async (_what, taken) => {
    const { operationId, events } = weakened();
    const noted = async (): Promise<readonly string[]> => [...world.saga.memory.notes.keys()].filter((key) => key.includes('taken-back') && key.includes(operationId));
    await world.write(operationStream(operationId), [...events, taken()]);
    expect(await eventually(noted, (keys) => keys.length > 0)).toHaveLength(1);
  });

  it('was taken back as signers know counts nowhere, whatever the event store says', async () => {
    const { operationId, events } = weakened();
    await world.saga.ledger.noteOnce('taken-back', operationId, 'in the inbox');
    await world.write(operationStream(operationId), events);
    await world.writePlane();
    expect(await outcome()).toEqual(['POLICY_TAMPERED']);
    expect(await seen()).toMatch(/ in the inbox$/);
  });

  it('is revoked after a signer saw the act counts for ever', async () => {
    const { operationId, events } = weakened();
    await world.write(operationStream(operationId), events);
    await world.writePlane();
    await seen();
    await world.write(operationStream(operationId), [REVOKED]);
    await eventually(() => world.saga.ledger.note('taken-back', operationId), (told) => told !== undefined);
    world.handle?.kill();
    world.saga.restartLedger();
    await world.start();
    expect(await outcome()).toEqual(['signing.completed.v1']);
  });

  it('was over when a signer saw the act counts nowhere, whatever time it bears', async () => {
    const { operationId, events } = weakened();
    await world.write(operationStream(operationId), events);
    world.saga.clock.advance(7 * 86_400_000);
    await world.writePlane();
    expect(await outcome()).toEqual(['POLICY_TAMPERED']);
  });

  it('does not count breaks nothing: what was approved before is signed, and it is told of', async () => {
    const request = world.request();
    const { operationId, events } = weakened();
    await world.write(operationStream(operationId), [...events, REVOKED]);
    await world.writePlane();
    expect((await world.signs(request.operationId, world.stored(request, [world.approval(world.eve, request), world.approval(world.fay, request)]))).type).toBe('signing.completed.v1');
    expect(world.handle?.gate.deps.plane.warning()).toMatchObject({ code: 'ACTS_UNCOUNTED' });
  });
});
