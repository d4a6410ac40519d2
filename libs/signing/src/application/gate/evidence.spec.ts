import fc from 'fast-check';
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

  const by = (subject: string): { readonly issuer: string; readonly subject: string } => ({ issuer: 'i', subject });
  const decision = (subject: string) => ({ by: by(subject), roles: [], groups: [], at: '2026-11-20T12:00:00.000Z', requestDigest: 'd', personal: { name: null, claims: {}, comment: null } });

  it('rule 25: what ended it, and who rejected it, is not taken back by anything behind', () => {
    const ends = { 'operations.rejected.v1': 'rejected', 'operations.revoked.v1': 'revoked', 'operations.expired.v1': 'expired', 'operations.exhausted.v1': 'exhausted' } as const;
    const someone = fc.constantFrom('eve', 'fay', 'gil');
    const event = fc.oneof(
      fc.constantFrom('operations.approved.v1', ...Object.keys(ends)).map((type) => [type, type === 'operations.revoked.v1' ? { by: by('oli'), personal: { name: null, reason: 'x' } } : {}] as const),
      fc.tuple(fc.constantFrom('operations.approval-given.v1', 'operations.rejection-given.v1', 'operations.approval-withdrawn.v1'), someone.map(decision)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const { operation } = fold(recorded(0, ...REQUESTED), ...events.map(([type, data], i) => recorded(i + 1, type, data)));
        const types = events.map(([type]) => type);
        const first = types.find((type) => type in ends);
        expect(operation.status).toBe(first === undefined ? operation.status : ends[first as keyof typeof ends]);
        const rejected = new Set(events.filter(([type]) => type === 'operations.rejection-given.v1').map(([, data]) => (data as { by: { subject: string } }).by.subject));
        expect(new Set(operation.decisions.filter((d) => d.decision === 'reject').map((d) => d.by.subject))).toEqual(rejected);
      }),
    );
  });

  it('rule 25: knows which approval was withdrawn, also when another has come since', () => {
    const proof = (statement: string) => ({ proof: { type: 'jws', challengeId: 'c', jws: 'j', credentialId: 'k', statement } });
    const given = (revision: number, statement: string): RecordedEvent => recorded(revision, 'operations.approval-given.v1', { ...decision('eve'), ...proof(statement) });
    const state = fold(recorded(0, ...REQUESTED), given(1, 'first'), recorded(2, 'operations.approval-withdrawn.v1', { by: by('eve') }), given(3, 'second'));
    expect([state.withdrawn.map((one) => one.proof.statement), state.operation.decisions.map((d) => d.proof?.statement)]).toEqual([['first'], ['second']]);
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
