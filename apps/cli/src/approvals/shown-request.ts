import { canonicalJson, statementDigest } from '#identity/contract.js';
import { policiesDigest } from '#operations/application/policy-digest.js';

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is asked, as the approver is shown it, with the digests that this program made of it itself. */
export interface ShownRequest {
  readonly statement: Members;
  readonly requestDigest: string;
  readonly policyDigest: string;
}

/**
 * Takes an operation at its statement's word and at nothing else.
 * @param operation as the service gave it @throws Error of one line when the statement is not the one of this operation, or its digest is another one than the service says
 */
export function requestOf(operation: unknown, operationId: string): ShownRequest {
  const { requestStatement, requestDigest: said } = isMembers(operation) ? operation : {};
  if (typeof requestStatement !== 'string') throw new Error('the service gave no requestStatement');
  const requestDigest = statementDigest(requestStatement);
  if (requestDigest !== said) throw new Error('the requestDigest that the service gave is not SHA-256 of its requestStatement');
  const statement = canonicalMembers(requestStatement);
  if (statement === undefined) throw new Error('the requestStatement is not canonical JSON (RFC 8785): what is shown would not be all that is signed');
  if (statement['type'] !== 'countersign/request/v1') throw new Error('the requestStatement is none of a kind that is known here');
  if (statement['operationId'] !== operationId) throw new Error('the requestStatement is of another operation');
  return { statement, requestDigest, policyDigest: policyDigestOf(statement) };
}

function canonicalMembers(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) && canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** By the service's own function, over what is shown. */
function policyDigestOf({ keyUsages, grants = [] }: Members): string {
  try {
    return policiesDigest(keyUsages as Parameters<typeof policiesDigest>[0], grants as Parameters<typeof policiesDigest>[1]);
  } catch {
    throw new Error('the requestStatement has no policies that can be read');
  }
}
