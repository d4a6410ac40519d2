import type { OrderStatement } from '../../domain/proofs/statements.js';
import { canonical } from './canonical.js';
import { isDigest, isKeyDigest, isListOf, isText, strictMembers, type Parsed } from './strict-statement.js';

const MAX_DIGESTS = 1_000;
const MAX_IDEMPOTENCY_KEY = 200;

/** The exact text that an orderer signs of a sign order. */
export function orderStatement({ operationId, requestDigest, idempotencyKey, keyId, digests }: OrderStatement): string {
  return canonical({ operationId, requestDigest, idempotencyKey, keyId, digests });
}

/** Never throws. A text that this gives a statement for is the only one of that statement. */
export function parseOrderStatement(text: unknown): Parsed<OrderStatement> {
  const parsed = strictMembers(text, {
    operationId: isText,
    requestDigest: isDigest,
    idempotencyKey: (v) => isText(v, MAX_IDEMPOTENCY_KEY),
    keyId: isText,
    digests: (v) => isListOf(v, 1, MAX_DIGESTS, isKeyDigest),
  });
  return 'fault' in parsed ? parsed : { statement: parsed.members as unknown as OrderStatement };
}
