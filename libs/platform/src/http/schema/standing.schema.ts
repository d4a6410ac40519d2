import type { PrincipalView } from '#identity/contract.js';
import type { NodeStanding, PolicyPrincipal } from '#policies/contract.js';
import { defineSchema, listOf, ref } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';
import { PrincipalBody } from './people.schema.js';
import { nodeView } from './policy-view.js';
import type { PolicyNodeView } from './policy-view.js';

type Childless<N> = N extends unknown ? Omit<N, 'of'> : never;

/** A node of a policy with how it stands: as the node, its children with theirs. */
export type StandingView = Childless<PolicyNodeView> & {
  readonly met: boolean;
  readonly open: boolean;
  readonly filledBy: readonly PrincipalView[];
  readonly could: readonly PrincipalView[];
  readonly of?: readonly StandingView[];
};

const PEOPLE = (description: string): JsonSchema => listOf(ref(PrincipalBody), { description });

/** How a policy stands, node by node. */
export const POLICY_STANDING: JsonSchema = { $ref: '#/components/schemas/PolicyStanding' };
defineSchema('PolicyStanding', {
  type: 'object',
  description: 'A node of a policy, as `PolicyNodeInForce` has it, with how it stands',
  properties: {
    type: { type: 'string', enum: ['none', 'approvers', 'allOf', 'anyOf', 'threshold', 'sequence'] },
    count: { type: 'integer' }, group: { type: 'string' }, role: { type: 'string' }, k: { type: 'integer' }, weights: listOf({ type: 'integer' }),
    met: { type: 'boolean' },
    open: { type: 'boolean', description: 'False for a step of a sequence whose turn has not come' },
    filledBy: PEOPLE('Who fills it; everybody is at one place of a policy at most'),
    could: PEOPLE('Who could fill it still, or when it opens'),
    of: listOf(POLICY_STANDING),
  },
  required: ['type', 'met', 'open', 'filledBy', 'could'],
});

/** How a policy stands, as answers show it. */
export function standingView<P extends PolicyPrincipal, C extends PolicyPrincipal>(standing: NodeStanding<P, C>, approver: (p: P) => PrincipalView, candidate: (c: C) => PrincipalView): StandingView {
  const { of: _of, ...node } = { of: [], ...nodeView(standing.node) };
  const { met, open } = standing;
  const own = { ...node, met, open, filledBy: standing.filledBy.map(approver), could: standing.could.map(candidate) };
  return standing.of.length === 0 ? own : { ...own, of: standing.of.map((child) => standingView(child, approver, candidate)) };
}
