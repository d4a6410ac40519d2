import { accountKey, answerableFor, NOBODY_KNOWN } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import fc from 'fast-check';
import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Instant } from '#kernel/clock.js';
import type { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import type { Policy, PolicyNode } from '#policies/contract.js';
import type { OperationCommand, Person } from '../../../domain/operation/commands.js';
import { decideOperation } from '../../../domain/operation/decide.js';
import { evolveOperation } from '../../../domain/operation/evolve.js';
import { initialOperation } from '../../../domain/operation/state.js';
import type { OperationState } from '../../../domain/operation/state.js';
import { operationStream } from '../../../streams.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
export const instant = (seconds: number): Instant => new Date(START + seconds * 1_000).toISOString();

/** A step of a random history: what somebody does to one of a few operations, some time after the step before. */
interface Step {
  readonly operation: number;
  readonly by: Person;
  readonly act: 'request' | 'approve' | 'reject' | 'withdraw' | 'revoke' | 'expire' | 'reserve' | 'settle';
  readonly policies: readonly Policy[];
  readonly validSeconds: number;
  readonly pauseSeconds: number;
}

const GROUPS = ['red', 'blue'];
const leaf: fc.Arbitrary<PolicyNode> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<PolicyNode>({ type: 'none' }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('approvers' as const), count: fc.integer({ min: 1, max: 3 }), group: fc.constantFrom(null, ...GROUPS), role: fc.constantFrom('approver', 'administrator') }) },
);
const branch: fc.Arbitrary<PolicyNode> = fc.array(leaf, { minLength: 1, maxLength: 3 }).chain((of) =>
  fc.oneof(
    fc.constantFrom('allOf' as const, 'anyOf' as const, 'sequence' as const).map((type): PolicyNode => ({ type, of })),
    fc.integer({ min: 1, max: of.length }).map((k): PolicyNode => ({ type: 'threshold', k, of, weights: null })),
  ),
);
/** Bare nodes, trees, and some whose approvals grow old. */
const policy: fc.Arbitrary<Policy> = fc.oneof(leaf, branch, fc.record({ tree: branch, approvalValidityMs: fc.constantFrom(2_000, 30_000), rejectionsToReject: fc.constantFrom(1, 2) }));
export const SUBJECTS = ['ann', 'bob'];
/** Few people, so that they meet; under two issuers with the same subjects. */
export const person: fc.Arbitrary<Person> = fc.record({
  issuer: fc.constantFrom('https://a.example', 'https://a.example', 'https://b.example'),
  subject: fc.constantFrom(...SUBJECTS),
  roles: fc.subarray(['orderer', 'approver', 'administrator']),
  groups: fc.subarray(GROUPS),
  name: fc.constant(null),
  claims: fc.constant({}),
});
/** Few people with deputies, accounts and groups of their own. */
export const directories: fc.Arbitrary<Directory> = fc
  .record({ linked: fc.boolean(), owned: fc.boolean(), deputies: fc.array(fc.record({ principal: fc.nat({ max: 3 }), deputy: fc.nat({ max: 3 }), groups: fc.subarray(GROUPS, { minLength: 1 }) }), { maxLength: 3 }), seen: fc.array(fc.option(fc.subarray(GROUPS)), { minLength: 4, maxLength: 4 }), apart: fc.boolean() })
  .map(({ linked, owned, deputies, seen, apart }) => {
    const accounts = ['a', 'b'].flatMap((issuer) => SUBJECTS.map((subject) => ({ issuer: `https://${issuer}.example`, subject })));
    const indexOf = (one: Actor): number => accounts.findIndex((other) => sameActor(one, other));
    const [first, second, third, fourth] = accounts.map((one) => accountKey(one));
    const personId = (one: Actor): string => (linked && accountKey(one) === second ? (first ?? '') : accountKey(one));
    const people: Pick<Directory, 'personOf' | 'ownersOf'> = { personOf: personId, ownersOf: (one) => (owned && accountKey(one) === fourth ? accounts.filter((other) => accountKey(other) === third) : []) };
    return {
      ...NOBODY_KNOWN, ...people,
      accountsOf: (one) => accounts.filter((other) => personId(other) === personId(one)),
      relation: (requester, one) => (answerableFor(requester, people).some((human) => answerableFor(one, people).includes(human)) ? 'self' : undefined),
      seen: (one) => {
        const groups = seen[indexOf(one)];
        return groups === null || groups === undefined ? undefined : { at: instant(0), roles: ['approver'], groups };
      },
      principalsOf: (one) => deputies.flatMap(({ principal, deputy, groups }, i) => {
        const of = accounts[principal];
        return indexOf(one) !== deputy || of === undefined || personId(of) === personId(one) ? [] : [{ deputyId: `d${i}`, principal: of, groups }];
      }),
      exclusive: apart ? [['red', 'blue']] : [],
    };
  });
export const steps = (operations: number, maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      operation: fc.nat({ max: operations - 1 }),
      by: person,
      act: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom<Step['act'][]>('request', 'approve', 'withdraw') },
        { weight: 1, arbitrary: fc.constantFrom<Step['act'][]>('reject', 'revoke', 'expire', 'reserve', 'settle') },
      ),
      policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
      validSeconds: fc.constantFrom(5, 60, 300, 500, 600, 700),
      pauseSeconds: fc.constantFrom(0, 0, 1),
    }),
    // Without it fast-check makes short lists only.
    { maxLength, size: 'max' },
  );

export interface PlayedOperation {
  readonly operationId: string;
  readonly state: OperationState;
  readonly revision: number;
}

/** Lets the real decider decide each step and stores what it decided. @returns operations in the order in which they came, and the time at the end */
export async function play(history: readonly Step[], events: SeededEvents, directory: Directory = NOBODY_KNOWN): Promise<{ readonly operations: readonly PlayedOperation[]; readonly seconds: number }> {
  const operations = new Map<number, PlayedOperation>();
  let seconds = 0;
  let orders = 0;
  for (const step of history) {
    seconds += step.pauseSeconds;
    const operationId = `op${step.operation}`;
    const before = operations.get(step.operation) ?? { operationId, state: initialOperation, revision: -1 };
    orders += 1;
    let { state, revision } = before;
    for (const event of decided(commandOf(step, operationId, state, seconds, `order${orders}`, directory), state)) {
      await events.add(operationStream(operationId), event, { at: instant(seconds), actor: { issuer: step.by.issuer, subject: step.by.subject } });
      state = evolveOperation(state, event);
      revision += 1;
    }
    if (revision >= 0) operations.set(step.operation, { operationId, state, revision });
  }
  return { operations: [...operations.values()], seconds };
}

const decided = (command: OperationCommand, state: OperationState): ReturnType<typeof decideOperation> => {
  try {
    return decideOperation(command, state);
  } catch (error) {
    if (error instanceof DomainError) return [];
    throw error;
  }
};

function commandOf({ act, by, policies, validSeconds }: Step, operationId: string, state: OperationState, seconds: number, signOrderId: string, directory: Directory): OperationCommand {
  const now = { closing: instant(seconds), opening: instant(seconds) };
  const requestDigest = `digest of ${operationId}`;
  switch (act) {
    case 'request': {
      const keyUsages = policies.map((p, i) => ({ keyId: `key${i}`, algorithm: 'ES256' as const, publicKeySha256: 'ab', maxUsageCount: 1, policy: p }));
      const requestedBy = { issuer: by.issuer, subject: by.subject };
      const window = { requestedAt: instant(seconds), notBefore: instant(seconds), expiresAt: instant(seconds + validSeconds) };
      const request = { operationId, requestDigest, requestedBy, ...window, description: act, approverContext: null, keyUsages, binding: null, personal: { name: null, claims: {}, statement: '{}' } };
      return { type: 'request', directory, request, now };
    }
    case 'approve':
    case 'reject':
      return { type: 'decide', proof: null, directory, decision: act, by, requestDigest, comment: null, now };
    case 'withdraw':
      return { type: 'withdraw-approval', directory, by, now };
    case 'revoke':
      return { type: 'revoke', directory, by, privileged: false, reason: 'test', now };
    case 'expire':
      return { type: 'expire', now };
    case 'reserve': {
      const order = { signOrderId, requestedAt: instant(seconds), keyId: 'key0', count: 1, input: { digests: ['AA=='] }, format: 'der' as const, bodyDigest: 'b' };
      return { type: 'reserve-uses', inForce: null, directory, by: state.request?.requestedBy ?? by, order, digests: ['AA=='], keyEnabled: true, lacking: null, unavailable: null, now };
    }
    case 'settle':
      return { type: 'settle-uses', outcomes: [...state.open.keys()].map((id) => ({ signOrderId: id, spent: 1, returned: 0, cause: 'c' })), now };
  }
}
