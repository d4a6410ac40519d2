import { parseDecisionStatement } from '#identity/contract.js';
import type { DecisionStatement } from '#identity/contract.js';
import type { ShownRequest } from './shown-request.js';

/** What the approver means to sign. */
export interface Intent extends Pick<ShownRequest, 'requestDigest' | 'policyDigest'> {
  readonly operationId: string;
  readonly decision: DecisionStatement['decision'];
  readonly audience: string;
}
export interface Challenge {
  readonly challengeId: string;
  readonly statement: string;
  /** Digests of earlier approvals that this one builds upon; undefined where no order is asked. */
  readonly after: readonly string[] | undefined;
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** The statement that a service asks to sign, when it says exactly what is meant. @throws Error of one line: nothing must be signed then */
export function checkedChallenge(body: unknown, intent: Intent): Challenge {
  const { challengeId, statement: text } = (typeof body === 'object' && body !== null ? body : {}) as { readonly challengeId?: unknown; readonly statement?: unknown };
  if (typeof challengeId !== 'string' || typeof text !== 'string') throw new Error('the service gave no challenge');
  const read = parseDecisionStatement(text);
  if ('fault' in read) throw new Error(`nothing was signed: the statement to sign ${read.fault}`);
  const { operationId, requestDigest, policyDigest, decision, audience, after } = read.statement;
  const wrong = [
    ['is about another operation', operationId === intent.operationId],
    ['is over another request than the one shown', requestDigest === intent.requestDigest],
    ['is over other policies than those shown', policyDigest === intent.policyDigest],
    [`is to ${decision}`, decision === intent.decision],
    ['is for another service (say --audience when its public URL is not --url)', withoutSlash(audience) === withoutSlash(intent.audience)],
  ].find(([, holds]) => holds === false);
  if (wrong !== undefined) throw new Error(`nothing was signed: the statement to sign ${wrong[0]}`);
  return { challengeId, statement: text, after };
}
