import { readdirSync, readFileSync } from 'node:fs';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { blocker, BLOCKER_CODES, BLOCKER_OWNERS } from '../domain/sign-order/blocker.js';
import type { Halted, SigningEvent } from '../domain/sign-order/events.js';
import type { SignOrderState } from '../domain/sign-order/state.js';
import { refused } from './sign/authority.js';
import { notSigned } from './sign/attempt.js';
import type { OrderHead } from './sign/open-order.js';
import { signOrderKind } from './sign-order-kind.js';
import { viewSignOrder } from './view-sign-order.js';

const TESTDATA = new URL('../domain/sign-order/testdata/', import.meta.url);
const TYPES: readonly SigningEvent['type'][] = [
  'signing.completed.v1', 'signing.failed.v1', 'signing.halted.v1', 'signing.late-outcome.v1', 'signing.outcome-resolved.v1', 'signing.outcome-unknown.v1', 'signing.started.v1',
];
const golden = (type: SigningEvent['type']): { readonly type: string; readonly data: unknown } => JSON.parse(readFileSync(new URL(`${type}.json`, TESTDATA), 'utf8')) as { type: string; data: unknown };
const recorded = (type: string, data: unknown): RecordedEvent => ({
  id: 'e', type, data, stream: 'signOrder-1', revision: 0, position: 1n, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});
const fold = (...events: readonly { readonly type: string; readonly data: unknown }[]): SignOrderState =>
  events.map(({ type, data }) => signOrderKind.decode(recorded(type, data))).reduce((state, event) => signOrderKind.evolve(state, event), signOrderKind.initialState);

describe('stored events of sign orders', () => {
  it('each has its golden file, and no other has one', () => expect(readdirSync(TESTDATA).sort()).toEqual(TYPES.map((t) => `${t}.json`)));

  it('keep their shape: a halted order is written as the golden file has it', () => {
    const { type, data } = golden('signing.halted.v1') as Halted;
    const why = { holds: false as const, code: data.code, detail: data.detail, blockers: data.blockers ?? [] };
    const written = notSigned(data as unknown as OrderHead, { signer: { name: 'signer-1', incarnation: 'i' }, stream: { now: () => data.at } as never }, why);
    expect(written).toEqual({ type, data });
    expect(JSON.parse(JSON.stringify(written))).toEqual({ type, data });
  });

  it.each(TYPES.filter((t) => t !== 'signing.started.v1'))('fold behind a start: %s', (type) => {
    const state = fold(golden('signing.started.v1'), golden(type));
    expect(state.facts).toMatchObject({ keyId: 'fw-prod', count: 2 });
    expect(signOrderKind.fromJson(JSON.parse(JSON.stringify(signOrderKind.toJson(state))) as never)).toEqual(state);
  });
});

describe('blockers of a halted order', () => {
  it('are shown with who can clear each', () => {
    const { data } = golden('signing.halted.v1') as Halted;
    expect(viewSignOrder(fold(golden('signing.halted.v1')))).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'QUORUM_NOT_MET' }, blockers: data.blockers });
  });

  it('are told of an order that was halted by a first release, too', () => {
    const { blockers: _, ...first } = (golden('signing.halted.v1') as Halted).data;
    expect(viewSignOrder(fold({ type: 'signing.halted.v1', data: { ...first, code: 'KEY_DISABLED', detail: 'this key is disabled' } }))?.blockers).toEqual([{ code: 'KEY_DISABLED', detail: 'this key is disabled', owner: 'administrators' }]);
  });

  it('are none of an order that failed or that was signed', () => {
    expect(viewSignOrder(fold(golden('signing.failed.v1')))).not.toHaveProperty('blockers');
    expect(viewSignOrder(fold(golden('signing.started.v1'), golden('signing.completed.v1')))).not.toHaveProperty('blockers');
  });

  it.each(BLOCKER_CODES)('%s has an owner of the four, and halts', (code) => {
    expect(BLOCKER_OWNERS).toContain(blocker(code, 'x').owner);
    expect(refused(code, 'x').blockers).toEqual([blocker(code, 'x')]);
  });

  it.each(['HSM_UNAVAILABLE', 'HSM_REFUSED', 'KEY_MISSING_IN_HSM'] as const)('%s is none: the order fails', (code) => {
    expect(refused(code, 'x').blockers).toEqual([]);
  });
});
