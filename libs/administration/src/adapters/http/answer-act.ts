import type { Folded } from '#eventing/stream-states.js';
import { setLocation, setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import type { AnswerFacts } from '#platform/http/endpoint/endpoint-facts.js';
import { answerProposed, proposedAnswer } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import type { ErrorCode } from '#kernel/error-code.js';
import type { ActOutcome } from '../../application/act/administration.js';
import type { Chain } from '../../domain/control-plane/decide.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';

/** What a change of administrators or their credentials may be answered with too. */
export const QUORUM_PROBLEMS: readonly ErrorCode[] = ['QUORUM_TOO_SMALL'];

/** What it is about, and 202. */
export const actAnswers = (status: 200 | 201, description: string, schema: JsonSchema, examples: Readonly<Record<string, unknown>>, more: Partial<AnswerFacts> = {}): readonly [AnswerFacts, AnswerFacts] => [
  { status, description, schema, headers: ['ETag'], examples, ...more },
  proposedAnswer,
];

/** What was done, as `view` has it, or where it awaits others. @param location of what was made */
export function answerAct<T>(outcome: ActOutcome, answer: Answer, view: (state: ControlPlaneState) => T, location?: (view: T) => string): T | ProposedActBody {
  if ('operationId' in outcome) return answerProposed(outcome, answer);
  const viewed = view(outcome.done.state.plane);
  setRevision(answer, revisionOf(outcome.done));
  if (location !== undefined) setLocation(answer, location(viewed));
  return viewed;
}

/** Of the chain; 0 while nothing is in it. */
export const revisionOf = ({ revision }: Folded<Chain>): number => Math.max(0, revision);
