import fc from 'fast-check';
import type { PolicyNode } from '../policy-node.js';
import type { PolicyPrincipal } from '../policy.js';

export const GROUPS = ['fw', 'hw', 'qa'] as const;
export const ROLES = ['approver', 'administrator'] as const;

const leaf = (maxCount: number): fc.Arbitrary<PolicyNode> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant<PolicyNode>({ type: 'none' }) },
    { weight: 12, arbitrary: fc.record({ type: fc.constant('approvers' as const), count: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: maxCount }) }), group: fc.constantFrom(null, ...GROUPS), role: fc.constantFrom(...ROLES, 'approver') }) },
  );

const branch = (child: fc.Arbitrary<PolicyNode>): fc.Arbitrary<PolicyNode> => {
  const of = fc.array(child, { minLength: 1, maxLength: 4 });
  const weighted = fc.array(fc.tuple(child, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    ...(['allOf', 'anyOf', 'sequence'] as const).map((type) => of.map((children): PolicyNode => ({ type, of: children }))),
    of.chain((children) => fc.integer({ min: 1, max: children.length }).map((k): PolicyNode => ({ type: 'threshold', k, of: children, weights: null }))),
    weighted.chain((pairs) => fc.integer({ min: 1, max: pairs.reduce((sum, [, w]) => sum + w, 0) }).map((k): PolicyNode => ({ type: 'threshold', k, of: pairs.map(([c]) => c), weights: pairs.map(([, w]) => w) }))),
  );
};

/** Trees of at most `levels` levels that somebody can meet. */
export function trees(levels: number, maxCount = 3): fc.Arbitrary<PolicyNode> {
  if (levels <= 1) return leaf(maxCount);
  return fc.oneof({ weight: 1, arbitrary: leaf(maxCount) }, { weight: 3, arbitrary: branch(trees(levels - 1, maxCount)) });
}

/** Humans of the small universe: h0, h1 and so on. */
export const humanName = (n: number): string => `h${n}`;

const account = (human: fc.Arbitrary<number>): fc.Arbitrary<PolicyPrincipal> =>
  fc.record({ human, issuer: fc.constantFrom('i1', 'i2'), roles: fc.subarray([...ROLES, 'orderer']), groups: fc.subarray([...GROUPS]) })
    .map(({ human: n, issuer, roles, groups }) => ({ issuer, subject: humanName(n), person: humanName(n), roles: roles.length > 0 ? roles : ['approver'], groups }));

/** Accounts of up to `humans` humans, some with several. */
export const people = (humans = 5, accounts = 7): fc.Arbitrary<readonly PolicyPrincipal[]> => fc.array(account(fc.nat({ max: humans - 1 })), { maxLength: accounts });
