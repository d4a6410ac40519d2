import { NOBODY_KNOWN } from '#identity/contract.js';
import fc from 'fast-check';
import { DomainError } from '#kernel/domain-error.js';
import type { Policy } from '#policies/contract.js';
import type { OperationCommand, Person } from '../domain/operation/commands.js';
import { operationDecider } from '../domain/operation/decide.js';
import { mayDecideNow } from '../domain/operation/decision.js';
import type { GrantedKey, OperationEvent, Settlement } from '../domain/operation/events.js';
import { evolveOperation } from '../domain/operation/evolve.js';
import { initialOperation } from '../domain/operation/state.js';
import type { OperationState } from '../domain/operation/state.js';
import { DIGEST, key, ORDERER, person, requestOf, reserve } from '../domain/operation/testing/given-operation.js';
import type { Now } from '../domain/operation/use.js';
import { operationKind } from './operation-kind.js';

const START = Date.parse('2026-11-20T12:00:00.000Z');
const instant = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

const policy: fc.Arbitrary<Policy> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Policy>({ type: 'none' }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('approvers' as const), count: fc.integer({ min: 1, max: 3 }), group: fc.constantFrom('fw', 'hw', null), role: fc.constantFrom('approver', 'administrator') }) },
);
const keys = fc.array(fc.record({ policy, max: fc.constantFrom(1, 1, 2, 4) }), { minLength: 1, maxLength: 3 }).map((all): readonly GrantedKey[] => all.map((k, i) => key(`key-${i}`, k.policy, k.max)));
/** The requester is among those who decide, with every role and group there is. */
const people: fc.Arbitrary<Person> = fc.record({ subject: fc.constantFrom('orderer1', 'a', 'b', 'c', 'd'), roles: fc.subarray(['approver', 'administrator', 'orderer']), groups: fc.subarray(['fw', 'hw']) }).map(({ subject, ...more }) => person(subject, more));
const able: fc.Arbitrary<Person> = fc.oneof({ weight: 3, arbitrary: people.map((p) => ({ ...p, roles: ['approver', 'administrator'], groups: ['fw', 'hw'] })) }, { weight: 1, arbitrary: people });

/** Orders have few names, so that they come again; outcomes are of any of them, in any number, true or not. */
const orderId = fc.nat({ max: 7 }).map((n) => `order-${n}`);
const outcome: fc.Arbitrary<Settlement> = fc.record({ signOrderId: orderId, spent: fc.integer({ min: -1, max: 5 }), returned: fc.constantFrom(-1, 0, 0, 0, 1, 2, 5), cause: fc.constant('cause') });
type Step = { readonly seconds: number; readonly behind: number; readonly make: (now: Now) => OperationCommand };
const made = fc.oneof(
  { weight: 21, arbitrary: fc.record({ by: able, reject: fc.nat({ max: 25 }), wrong: fc.nat({ max: 15 }) }).map(({ by, reject, wrong }) => (now: Now): OperationCommand => ({ type: 'decide', proof: null, directory: NOBODY_KNOWN, decision: reject === 0 ? 'reject' : 'approve', by, requestDigest: wrong === 0 ? 'other' : DIGEST, comment: null, now })) },
  { weight: 3, arbitrary: people.map((by) => (now: Now): OperationCommand => ({ type: 'withdraw-approval', directory: NOBODY_KNOWN, by, now })) },
  { weight: 1, arbitrary: fc.record({ by: people, chance: fc.nat({ max: 9 }) }).map(({ by, chance }) => (now: Now): OperationCommand => ({ type: 'revoke', directory: NOBODY_KNOWN, by, privileged: chance === 0, reason: 'r', now })) },
  { weight: 1, arbitrary: fc.constant((now: Now): OperationCommand => ({ type: 'expire', now })) },
  { weight: 24, arbitrary: fc.record({ id: orderId, keyId: fc.nat({ max: 3 }), count: fc.integer({ min: 1, max: 3 }), stranger: fc.nat({ max: 9 }), keyEnabled: fc.nat({ max: 9 }) }).map((o) => (now: Now): OperationCommand => reserve(o.id, { keyId: `key-${o.keyId}`, count: o.count, by: o.stranger === 0 ? person('a') : ORDERER, keyEnabled: o.keyEnabled !== 0, now })) },
  { weight: 15, arbitrary: fc.array(outcome, { maxLength: 10 }).map((outcomes) => (now: Now): OperationCommand => ({ type: 'settle-uses', outcomes, now })) },
  { weight: 1, arbitrary: people.map((by) => (): OperationCommand => ({ type: 'record-use-refusals', by, code: 'X', keyId: null, count: 1 })) },
);
/** Seconds that pass before it, and by how much the wall clock of the process that checks is behind. The window is from 0:01 to 1:00. */
const step: fc.Arbitrary<Step> = fc.record({ seconds: fc.oneof({ weight: 25, arbitrary: fc.constantFrom(0, 0, 1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 40 }) }), behind: fc.constantFrom(0, 0, 0, 1, 30), make: made });

const FINAL = new Set<OperationEvent['type']>(['operations.rejected.v1', 'operations.revoked.v1', 'operations.expired.v1', 'operations.exhausted.v1']);
const ALWAYS = new Set<OperationEvent['type']>(['operations.uses-settled.v1', 'operations.uses-returned.v1', 'operations.decision-refused.v1', 'operations.use-refused.v1']);

/** What must hold, kept by other means than the state's. */
class Model {
  private readonly approving = new Map<string, Person>();
  private readonly orders = new Map<string, { readonly keyId: string; readonly count: number; spent: number; returned: number }[]>();
  private ended = false;
  private readonly spent = new Map<string, number>();
  constructor(private readonly granted: readonly GrantedKey[]) {}

  accept(command: OperationCommand, event: OperationEvent): void {
    if (this.ended) expect(ALWAYS).toContain(event.type);
    if (FINAL.has(event.type)) this.ended = true;
    if (event.type === 'operations.approval-given.v1' && command.type === 'decide') this.approving.set(command.by.subject, command.by);
    if (event.type === 'operations.approval-withdrawn.v1') this.approving.delete(event.data.by.subject);
    if (event.type === 'operations.approved.v1') expect(this.quorum()).toBe(true);
    if (event.type === 'operations.uses-reserved.v1') {
      const { signOrderId, keyId, count } = event.data;
      expect(this.quorum()).toBe(true);
      const there = this.orders.get(signOrderId) ?? [];
      if (there.some((o) => o.spent + o.returned !== o.count)) throw new Error('an open order was reserved again');
      this.orders.set(signOrderId, [...there, { keyId, count, spent: 0, returned: 0 }]);
    }
    if (event.type === 'operations.uses-settled.v1') for (const s of event.data.settled) this.book(s.signOrderId, s.spent, 0);
    if (event.type === 'operations.uses-returned.v1') for (const r of event.data.returned) this.book(r.signOrderId, 0, r.count);
  }

  /** Uses reserved or spent never exceed what was granted, and what is spent stays so. */
  check(state: OperationState): void {
    for (const grant of state.grants) {
      const of = [...this.orders.values()].flat().filter((o) => o.keyId === grant.keyId);
      const spent = of.reduce((sum, o) => sum + o.spent, 0);
      const taken = of.reduce((sum, o) => sum + o.count - o.returned, 0);
      const holds = grant.spent === spent && grant.spent + grant.reserved === taken && taken <= grant.maxUsageCount && spent >= (this.spent.get(grant.keyId) ?? 0);
      if (!holds) throw new Error(`spent ${spent}, taken ${taken}: ${JSON.stringify(grant)}`);
      this.spent.set(grant.keyId, spent);
    }
  }

  private book(signOrderId: string, spent: number, returned: number): void {
    const order = this.orders.get(signOrderId)?.at(-1);
    if (order === undefined) throw new Error('settled what was not reserved');
    if (returned > 0) expect(order.returned).toBe(0);
    order.spent += spent;
    order.returned += returned;
    expect(order.spent + order.returned).toBeLessThanOrEqual(order.count);
  }

  /** Of different people other than the requester, for each key alone. */
  private quorum(): boolean {
    return this.granted.every(({ policy: p }) => {
      if (!('type' in p) || (p.type !== 'none' && p.type !== 'approvers')) throw new Error('not drawn here');
      if (p.type === 'none') return true;
      const able = [...this.approving].filter(([subject, who]) => subject !== ORDERER.subject && who.roles.includes(p.role) && (p.group === null || who.groups.includes(p.group)));
      return able.length >= p.count;
    });
  }
}

const decided = (command: OperationCommand, state: OperationState): readonly OperationEvent[] | DomainError => {
  try {
    return operationDecider.decide(command, state);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
};

describe('an operation under any commands', () => {
  const seen = new Map<string, number>();

  it('never has more uses than granted, none before its approvals, no way out of its end, and is what its events say', () => {
    fc.assert(
      fc.property(keys, fc.array(step, { minLength: 30, maxLength: 70, size: 'max' }), fc.nat(), fc.array(people, { minLength: 3, maxLength: 3 }), (granted, steps, cut, askers) => {
        const request = requestOf(granted, { requestedAt: instant(0), notBefore: instant(1), expiresAt: instant(60) });
        const model = new Model(granted);
        const log: OperationEvent[] = [];
        let state = initialOperation;
        let time = cut % 3;
        const run = (command: OperationCommand): void => {
          const events = decided(command, state);
          if (events instanceof DomainError) return;
          for (const event of events) {
            model.accept(command, event);
            state = evolveOperation(state, event);
            log.push(event);
            seen.set(event.type, (seen.get(event.type) ?? 0) + 1);
          }
          model.check(state);
        };
        run({ type: 'request', directory: NOBODY_KNOWN, request, now: { closing: instant(0), opening: instant(0) } });
        for (const { seconds, behind, make } of steps) {
          time += seconds;
          const now = { closing: instant(time), opening: instant(time - behind) };
          for (const asker of askers) {
            for (const decision of ['approve', 'reject'] as const) {
              const events = decided({ type: 'decide', proof: null, directory: NOBODY_KNOWN, decision, by: asker, requestDigest: DIGEST, comment: null, now }, state);
              if (mayDecideNow(state, asker, now.closing, NOBODY_KNOWN) !== (!(events instanceof DomainError) && events.length > 0)) throw new Error(`the queue and the check differ for ${decision}`);
            }
          }
          run(make(now));
        }
        // From scratch, and from a snapshot at any point.
        expect(log.reduce(evolveOperation, initialOperation)).toEqual(state);
        const at = cut % (log.length + 1);
        const stored = JSON.stringify(operationKind.toJson(log.slice(0, at).reduce(evolveOperation, initialOperation)));
        const restored = operationKind.fromJson(JSON.parse(stored) as never);
        expect(log.slice(at).reduce(evolveOperation, restored)).toEqual(state);
      }),
      { numRuns: 300 },
    );
  });

  it('(every kind of event came up)', () => {
    expect([...seen.keys()].sort()).toEqual([
      'operations.approval-given.v1', 'operations.approval-withdrawn.v1', 'operations.approved.v1', 'operations.exhausted.v1', 'operations.expired.v1', 'operations.rejected.v1', 'operations.rejection-given.v1', 'operations.requested.v1',
      'operations.revoked.v1', 'operations.use-refused.v1', 'operations.uses-reserved.v1', 'operations.uses-returned.v1', 'operations.uses-settled.v1',
    ]);
  });
});
