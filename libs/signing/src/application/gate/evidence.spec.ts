import type { RecordedEvent } from '#eventing/event-store.port.js';
import { evidenceKind } from './evidence.js';
import type { Evidence } from './evidence.js';

const recorded = (revision: number, type: string, data: unknown = {}): RecordedEvent => ({
  id: `e-${revision}`, type, data, stream: 'operation-1', revision, position: BigInt(revision), metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});
const REQUESTED = ['operations.requested.v1', { operationId: '1', keyUsages: [] }] as const;
const fold = (...events: readonly RecordedEvent[]): Evidence => events.reduce((state, event) => evidenceKind.evolve(state, evidenceKind.decode(event)), evidenceKind.initialState);

describe('evidence of an operation', () => {
  it.each<[string, readonly RecordedEvent[], boolean]>([
    ['from its request on', [recorded(0, ...REQUESTED), recorded(1, 'operations.approved.v1')], true],
    ['with a gap', [recorded(0, ...REQUESTED), recorded(2, 'operations.approved.v1')], false],
    ['without its beginning', [recorded(3, ...REQUESTED), recorded(4, 'operations.approved.v1')], false],
    ['beginning with something else', [recorded(0, 'operations.approved.v1')], false],
    ['with a second request', [recorded(0, ...REQUESTED), recorded(1, ...REQUESTED)], false],
  ])('rule 21: is whole or not: %s', (_what, events, whole) => {
    expect(fold(...events).whole).toBe(whole);
  });

  it('rule 21: stays broken, also over a snapshot', () => {
    const broken = fold(recorded(0, ...REQUESTED), recorded(2, 'operations.approved.v1'));
    const kept = evidenceKind.fromJson(JSON.parse(JSON.stringify(evidenceKind.toJson(broken))) as never);
    expect(evidenceKind.evolve(kept, evidenceKind.decode(recorded(3, 'operations.revoked.v1', { by: {}, personal: {} }))).whole).toBe(false);
  });

  it('rule 25: knows every signed approval that was ever given', () => {
    const by = { issuer: 'i', subject: 'eve' };
    const given = { by, roles: [], groups: [], at: '2026-11-20T12:00:00.000Z', requestDigest: 'd', personal: { name: null, claims: {}, comment: null } };
    const proof = { type: 'jws', challengeId: 'c', jws: 'j', credentialId: 'k', statement: 's' };
    const state = fold(recorded(0, ...REQUESTED), recorded(1, 'operations.approval-given.v1', given), recorded(2, 'operations.approval-given.v1', { ...given, proof }), recorded(3, 'operations.approval-withdrawn.v1', { by }));
    expect(state.operation.decisions).toEqual([]);
    expect(state.signed).toEqual([{ by, at: given.at, roles: [], groups: [], proof }]);
  });
});
