import type { Actor } from '#kernel/actor.js';
import { canonicalDigest, statementDigest } from '#identity/contract.js';
import type { Act } from '../domain/control-plane/act.js';
import { isObject, readObject } from '../domain/control-plane/members.js';
import { readActor } from '../domain/control-plane/people.js';

/** The member `act` of a request statement: the act that the operation is about. */
export interface StatedAct {
  readonly method: string;
  readonly path: string;
  /** Base64 SHA-256 of the body's RFC 8785 form. */
  readonly bodyDigest: string;
}

export const statedAct = ({ method, path, body }: Act): StatedAct => ({ method, path, bodyDigest: canonicalDigest(body) });

/** What a request statement says of an administrative operation. */
export interface ActRequest {
  readonly deployment: string;
  readonly operationId: string;
  readonly requestedBy: Actor;
  readonly act: StatedAct;
}

/** Never throws. Undefined: it is no request statement of an act in the one form that it has (RFC 8785). */
export function parseActRequest(statement: string): ActRequest | undefined {
  try {
    const value: unknown = JSON.parse(statement);
    if (!isObject(value) || value['type'] !== 'countersign/request/v1' || canonicalDigest(value) !== statementDigest(statement)) return undefined;
    const { issuer, subject } = isObject(value['requestedBy']) ? value['requestedBy'] : {};
    const read = readObject({ deployment: value['deployment'], operationId: value['operationId'], requestedBy: { issuer, subject }, act: value['act'] }, '', (m) => ({
      deployment: m.text('deployment'),
      operationId: m.text('operationId'),
      requestedBy: m.part('requestedBy', readActor),
      act: m.part('act', (act, at) => readObject(act, at, (n) => ({ method: n.text('method'), path: n.text('path', 1, 2_001), bodyDigest: n.text('bodyDigest') }))),
    }));
    return 'value' in read ? read.value : undefined;
  } catch {
    return undefined;
  }
}
