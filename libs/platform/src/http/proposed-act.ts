import type { ErrorCode } from '#kernel/error-code.js';
import { setLocation } from './answer-headers.js';
import type { Answer } from './answer-headers.js';
import type { AnswerFacts } from './endpoint/endpoint-facts.js';
import { Member, Named, ref } from './schema/json-schema.js';
import { UUID } from './schema/texts.js';

@Named('ProposedAct', 'A change that awaits the approval of other administrators')
export class ProposedActBody {
  @Member({ ...UUID, description: 'In force when it is approved' }) readonly operationId: string;
}

export const PROPOSED: ProposedActBody = { operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e' };
/** 202: it has become an operation. */
export const proposedAnswer: AnswerFacts = { status: 202, description: 'From a quorum of two on: it awaits other administrators, `Location` is the operation', schema: ref(ProposedActBody), headers: ['Location'], examples: { proposed: PROPOSED } };

/** What changes under dual control may be answered with, beside what they are about. */
export const ACT_PROBLEMS: readonly ErrorCode[] = ['PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'SESSION_REQUIRED', 'SESSION_ENDING', 'CONTROL_PLANE_MOVED', 'NOT_ELIGIBLE'];

export function answerProposed({ operationId }: ProposedActBody, answer: Answer): ProposedActBody {
  answer.code(202);
  setLocation(answer, `/v1/operations/${operationId}`);
  return { operationId };
}
