import type { DecisionStatement } from '../../domain/proofs/statements.js';
import { canonical } from './canonical.js';
import { isDigest, isListOf, isText, strictMembers, type Parsed } from './strict-statement.js';

export const DECISION_TYPE = 'countersign/decision/v1';
/** Slots of the largest policy that there can be: 64 nodes of 32. */
const MAX_AFTER = 2_048;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The exact text that an approver signs. */
export function decisionStatement({ operationId, requestDigest, policyDigest, decision, nonce, audience, at, after }: DecisionStatement): string {
  return canonical({ type: DECISION_TYPE, operationId, requestDigest, policyDigest, decision, nonce, audience, at, ...(after === undefined ? {} : { after }) });
}

/** Never throws. A text that this gives a statement for is the only one of that statement. */
export function parseDecisionStatement(text: unknown): Parsed<DecisionStatement> {
  const parsed = strictMembers(text, {
    type: (v) => v === DECISION_TYPE,
    operationId: isText,
    requestDigest: isDigest,
    policyDigest: isDigest,
    decision: (v) => v === 'approve' || v === 'reject',
    nonce: isText,
    audience: isText,
    at: (v) => typeof v === 'string' && INSTANT.test(v) && !Number.isNaN(Date.parse(v)),
    after: (v) => isListOf(v, 0, MAX_AFTER, isDigest),
  }, ['after']);
  if ('fault' in parsed) return parsed;
  const { type: _, ...statement } = parsed.members;
  return { statement: statement as unknown as DecisionStatement };
}
