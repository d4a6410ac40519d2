import type { ActStatement } from '../../domain/proofs/statements.js';
import { canonical } from './canonical.js';
import { isDigest, isText, strictMembers, type Parsed } from './strict-statement.js';

export const ACT_TYPE = 'countersign/act/v1';

/** The exact text that an actor signs of an act of the control plane. */
export function actStatement({ method, path, bodyDigest, session, previous }: ActStatement): string {
  return canonical({ type: ACT_TYPE, method, path, bodyDigest, session, previous });
}

/** Never throws. A text that this gives a statement for is the only one of that statement. */
export function parseActStatement(text: unknown): Parsed<ActStatement> {
  const parsed = strictMembers(text, {
    type: (v) => v === ACT_TYPE,
    method: (v) => typeof v === 'string' && /^[A-Z]{3,7}$/.test(v),
    path: (v) => isText(v) && v.startsWith('/'),
    bodyDigest: isDigest,
    session: (v) => v === null || isText(v),
    previous: (v) => v === null || isDigest(v),
  });
  if ('fault' in parsed) return parsed;
  const { type: _, ...statement } = parsed.members;
  return { statement: statement as unknown as ActStatement };
}
