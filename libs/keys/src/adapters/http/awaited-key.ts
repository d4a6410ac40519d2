import type { ErrorCode } from '#kernel/error-code.js';
import { setLocation } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import type { AnswerFacts } from '#platform/http/endpoint/endpoint-facts.js';
import { Member, Named, ref } from '#platform/http/schema/json-schema.js';
import { UUID } from '#platform/http/schema/texts.js';

@Named('AwaitedKey', 'A change of a key that awaits the approval of other administrators')
export class AwaitedKeyBody {
  @Member({ ...UUID, description: 'In force when it is approved' }) readonly operationId: string;
}

export const AWAITED: AwaitedKeyBody = { operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e' };
/** 202: other administrators are to approve it. */
export const awaitedAnswer: AnswerFacts = { status: 202, description: 'From a quorum of two on: it awaits other administrators, `Location` is the operation', schema: ref(AwaitedKeyBody), headers: ['Location'], examples: { proposed: AWAITED } };
/** What a change of a key may be answered with from a quorum of two on, or with a genesis. */
export const GOVERNED: readonly ErrorCode[] = ['PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'SESSION_REQUIRED', 'CONTROL_PLANE_MOVED', 'NOT_ELIGIBLE'];

export function answerAwaited({ operationId }: AwaitedKeyBody, answer: Answer): AwaitedKeyBody {
  answer.code(202);
  setLocation(answer, `/v1/operations/${operationId}`);
  return { operationId };
}
