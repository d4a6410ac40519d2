import { ALGORITHMS } from '#keys/contract.js';
import type { Algorithm } from '#keys/contract.js';
import { Member, Named, listOf, orNull, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { BASE64, COUNT, INSTANT, KEY_ID, TEXT, UUID } from '#platform/http/schema/texts.js';
import { BLOCKER_CODES, BLOCKER_OWNERS } from '../../domain/sign-order/blocker.js';
import type { BlockerCode } from '../../domain/sign-order/blocker.js';
import type { SignOrderView, SignOrderViewState } from '../../application/sign-order-view.js';

const STATES: readonly SignOrderViewState[] = ['reserved', 'signing', 'completed', 'failed', 'halted', 'outcome-unknown'];
type Failure = NonNullable<SignOrderView['failure']>;
/** How an order ended whose failure has this code. */
export const FAILURE_STATES: Readonly<Record<Failure['code'], SignOrderViewState>> = {
  HSM_UNAVAILABLE: 'failed', HSM_REFUSED: 'failed', KEY_MISSING_IN_HSM: 'failed', OUTCOME_UNKNOWN: 'outcome-unknown',
  ...(Object.fromEntries(BLOCKER_CODES.map((code) => [code, 'halted'])) as Readonly<Record<BlockerCode, 'halted'>>),
};
type OneBlocker = NonNullable<SignOrderView['blockers']>[number];

@Named('SignOrderFailure')
export class FailureBody implements Failure {
  @Member({ type: 'string', enum: Object.keys(FAILURE_STATES) }) readonly code: Failure['code'];
  @Member(TEXT) readonly detail: string;
}

@Named('Blocker', 'What kept a halted order from being signed')
export class BlockerBody implements OneBlocker {
  @Member({ type: 'string', enum: BLOCKER_CODES }) readonly code: OneBlocker['code'];
  @Member(TEXT) readonly detail: string;
  @Member({ type: 'string', enum: BLOCKER_OWNERS, description: 'Who can clear it' }) readonly owner: OneBlocker['owner'];
}

@Named('Finding', 'What an administrator found of an unknown outcome')
export class FindingBody {
  @Member({ type: 'string', enum: ['signed', 'not-signed'] }) readonly finding: 'signed' | 'not-signed';
  @Member(ref(ActorBody)) readonly by: ActorBody;
  @Member(TEXT) readonly comment: string;
}

@Named('SignOrder', 'One request for signatures under an operation')
export class SignOrderBody implements SignOrderView {
  @Member(UUID) readonly signOrderId: string;
  @Member(UUID) readonly operationId: string;
  @Member({ type: 'string', enum: STATES }) readonly state: SignOrderViewState;
  @Member(KEY_ID) readonly keyId: string;
  @Member({ type: 'string', enum: ALGORITHMS }) readonly algorithm: Algorithm;
  @Member(listOf(orNull(BASE64), { description: 'In input order; null where an unknown outcome has none; absent until there is an outcome' }), { optional: true })
  readonly signatures?: readonly (string | null)[];
  @Member({ ...COUNT, description: 'Spent, or reserved while it is under way' }) readonly usesConsumed: number;
  @Member(INSTANT) readonly requestedAt: string;
  @Member({ ...INSTANT, description: 'When it ended' }, { optional: true }) readonly at?: string;
  @Member(ref(FailureBody), { optional: true }) readonly failure?: Failure;
  @Member(listOf(ref(BlockerBody), { description: 'Of a halted order' }), { optional: true }) readonly blockers?: readonly OneBlocker[];
  @Member(listOf(ref(FindingBody)), { optional: true }) readonly findings?: NonNullable<SignOrderView['findings']>;
}
