import type { InputFault } from '#kernel/domain-error.js';
import type { DecisionProof } from '../../domain/proofs/decision-proof.js';
import { MAX_JWS_LENGTH } from './jws-parts.js';

const MAX_ID = 200;
/** Of a credential id: 1,023 bytes (WebAuthn Level 3, 4), base64url. */
const MAX_CREDENTIAL_ID = 1_364;
const MAX_BINARY = 8_192;

type Members = Readonly<Record<string, unknown>>;
type Read = { readonly proof: DecisionProof } | { readonly faults: readonly InputFault[] };
const isRecord = (v: unknown): v is Members => typeof v === 'object' && v !== null && !Array.isArray(v);

/**
 * Reads the `proof` of a decision: its shape and its sizes, nothing of what it proves. Members of a response that are not used here, as browsers send them, are left out.
 * @param at JSON Pointer of the proof in the body
 */
export function parseDecisionProof(value: unknown, at: string): Read {
  const read = readDecisionProof(value, at);
  const known = ['type', 'challengeId', isRecord(value) && value['type'] === 'jws' ? 'jws' : 'response'];
  const unknown = !isRecord(value) || typeof value['type'] !== 'string' ? [] : Object.keys(value).filter((k) => !known.includes(k));
  const faults = unknown.map((k) => ({ path: `${at}/${k.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'is not known' }));
  return faults.length === 0 ? read : { faults: [...('faults' in read ? read.faults : []), ...faults] };
}

/** The same for a proof that was stored, maybe beside other members. */
export function readDecisionProof(value: unknown, at: string): Read {
  if (!isRecord(value) || (value['type'] !== 'jws' && value['type'] !== 'webauthn')) return { faults: [{ path: isRecord(value) ? `${at}/type` : at, message: "must be 'jws' or 'webauthn'" }] };
  const faults: InputFault[] = [];
  const text = (of: Members, name: string, path: string, max: number): string => {
    const found = of[name];
    if (typeof found === 'string' && found.length >= 1 && found.length <= max) return found;
    faults.push({ path: `${path}/${name}`, message: `must be a text of 1 to ${max} characters` });
    return '';
  };
  const challengeId = text(value, 'challengeId', at, MAX_ID);
  if (value['type'] === 'jws') {
    const jws = text(value, 'jws', at, MAX_JWS_LENGTH);
    return faults.length > 0 ? { faults } : { proof: { type: 'jws', challengeId, jws } };
  }
  const response = isRecord(value['response']) ? value['response'] : {};
  const inner = isRecord(response['response']) ? response['response'] : {};
  const id = text(response, 'id', `${at}/response`, MAX_CREDENTIAL_ID);
  const rawId = text(response, 'rawId', `${at}/response`, MAX_CREDENTIAL_ID);
  if (response['type'] !== 'public-key') faults.push({ path: `${at}/response/type`, message: "must be 'public-key'" });
  const of = (name: string): string => text(inner, name, `${at}/response/response`, MAX_BINARY);
  const assertion = { clientDataJSON: of('clientDataJSON'), authenticatorData: of('authenticatorData'), signature: of('signature'), ...(inner['userHandle'] === undefined || inner['userHandle'] === null ? {} : { userHandle: of('userHandle') }) };
  return faults.length > 0 ? { faults } : { proof: { type: 'webauthn', challengeId, response: { id, rawId, type: 'public-key', response: assertion } } };
}
