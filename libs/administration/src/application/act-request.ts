import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { canonicalDigest, statementDigest } from '#identity/contract.js';
import type { ProposedAct } from './ports/propose-operation.port.js';
import { isObject, readObject } from '../domain/control-plane/members.js';
import { readActor } from '../domain/control-plane/people.js';

/** The action of an operation that is about an act. */
export const ADMINISTER = 'administer';


/** What a request statement says of an administrative operation. */
export interface ActRequest {
  readonly deployment: string;
  readonly operationId: string;
  readonly requestedBy: Actor;
  readonly act: ProposedAct;
  /** From then on it allows nothing. */
  readonly expiresAt: Instant;
}

/** Never throws. Undefined: it is no request statement, in the one form that it has (RFC 8785), whose only grant is an act. */
export function parseActRequest(statement: string): ActRequest | undefined {
  try {
    const value: unknown = JSON.parse(statement);
    if (!isObject(value) || value['type'] !== 'countersign/request/v1' || canonicalDigest(value) !== statementDigest(statement)) return undefined;
    const { issuer, subject } = isObject(value['requestedBy']) ? value['requestedBy'] : {};
    const grants: readonly unknown[] = Array.isArray(value['grants']) ? value['grants'] : [];
    const [grant] = grants;
    if (grants.length !== 1 || !isObject(grant) || grant['action'] !== ADMINISTER) return undefined;
    const read = readObject({ deployment: value['deployment'], operationId: value['operationId'], requestedBy: { issuer, subject }, act: grant['act'], expiresAt: value['expiresAt'] }, '', (m) => ({
      deployment: m.text('deployment'),
      operationId: m.text('operationId'),
      requestedBy: m.part('requestedBy', readActor),
      expiresAt: m.instant('expiresAt'),
      act: m.part('act', (act, at) => readObject(act, at, (n) => ({ method: n.text('method'), path: n.text('path', 1, 2_001), body: n.raw('body'), proof: n.raw('proof') === null ? null : n.text('proof', 1, 500_000) }))),
    }));
    return 'value' in read ? read.value : undefined;
  } catch {
    return undefined;
  }
}
