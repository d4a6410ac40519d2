import type { Folded } from '#eventing/stream-states.js';
import { setLocation, setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import type { AnswerFacts } from '#platform/http/endpoint/endpoint-facts.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { Member, Named, ref } from '#platform/http/schema/json-schema.js';
import { UUID } from '#platform/http/schema/texts.js';
import type { ErrorCode } from '#kernel/error-code.js';
import type { ActOutcome } from '../../application/act/administration.js';
import type { Chain } from '../../domain/control-plane/decide.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';

@Named('ProposedAct', 'A change that awaits the approval of other administrators')
export class ProposedActBody {
  @Member({ ...UUID, description: 'In force when it is approved' }) readonly operationId: string;
}

/** What changes the control plane may be answered with, beside what it is about. */
export const ACT_PROBLEMS: readonly ErrorCode[] = ['PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'SESSION_REQUIRED', 'CONTROL_PLANE_MOVED', 'NOT_ELIGIBLE'];
/** What a change of administrators or their credentials may be answered with too. */
export const QUORUM_PROBLEMS: readonly ErrorCode[] = ['QUORUM_TOO_SMALL'];

const PROPOSED: ProposedActBody = { operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e' };
/** 202: it has become an operation. */
export const proposedAnswer: AnswerFacts = { status: 202, description: 'It awaits other administrators: `Location` is the operation', schema: ref(ProposedActBody), headers: ['Location'], examples: { proposed: PROPOSED } };
/** What it is about, and 202. */
export const actAnswers = (status: 200 | 201, description: string, schema: JsonSchema, examples: Readonly<Record<string, unknown>>, more: Partial<AnswerFacts> = {}): readonly [AnswerFacts, AnswerFacts] => [
  { status, description, schema, headers: ['ETag'], examples, ...more },
  proposedAnswer,
];

/** What was done, as `view` has it, or where it awaits others. @param location of what was made */
export function answerAct<T>(outcome: ActOutcome, answer: Answer, view: (state: ControlPlaneState) => T, location?: (view: T) => string): T | ProposedActBody {
  if ('operationId' in outcome) return answerProposed(outcome.operationId, answer);
  const viewed = view(outcome.done.state.plane);
  setRevision(answer, revisionOf(outcome.done));
  if (location !== undefined) setLocation(answer, location(viewed));
  return viewed;
}

export function answerProposed(operationId: string, answer: Answer): ProposedActBody {
  answer.code(202);
  setLocation(answer, `/v1/operations/${operationId}`);
  return { operationId };
}

/** Of the chain; 0 while nothing is in it. */
export const revisionOf = ({ revision }: Folded<Chain>): number => Math.max(0, revision);
