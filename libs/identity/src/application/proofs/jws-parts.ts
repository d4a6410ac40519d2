import { isUtf8 } from 'node:buffer';
import { MAX_STATEMENT_LENGTH } from '../statements/strict-statement.js';
import { base64urlBytes } from './base64url.js';

const MAX_HEADER_LENGTH = 1_024;
/** UTF-8 of a statement has at most three bytes a UTF-16 unit. */
const MAX_PAYLOAD_LENGTH = MAX_STATEMENT_LENGTH * 4;
const MAX_KID_LENGTH = 200;
/** 64 bytes: ES256 and Ed25519 alike. */
const SIGNATURE_LENGTH = 86;
export const MAX_JWS_LENGTH = MAX_HEADER_LENGTH + MAX_PAYLOAD_LENGTH + SIGNATURE_LENGTH + 2;

/** A compact JWS taken apart; nothing of it is verified. */
export interface JwsParts {
  readonly header: { readonly alg: string; readonly kid: string };
  readonly payload: string;
  /** What is signed: header and payload as they came. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** Never throws. @returns one sentence for people where it is no JWS that is taken here */
export function jwsParts(compact: unknown): { readonly parts: JwsParts } | { readonly fault: string } {
  if (typeof compact !== 'string' || compact.length > MAX_JWS_LENGTH) return { fault: `A proof is a compact JWS of up to ${MAX_JWS_LENGTH} characters.` };
  const [protectedHeader = '', payload = '', signature = '', ...more] = compact.split('.', 4);
  if (more.length > 0 || signature.length !== SIGNATURE_LENGTH) return { fault: 'A proof is three parts, the last one a signature of 64 bytes.' };
  const header = headerOf(protectedHeader);
  const payloadBytes = payload.length > MAX_PAYLOAD_LENGTH ? undefined : base64urlBytes(payload);
  const signatureBytes = base64urlBytes(signature);
  if (header === undefined) return { fault: 'The JWS has no usable protected header: alg and kid are texts, crit and b64 are not taken.' };
  if (payloadBytes === undefined || signatureBytes === undefined || !isUtf8(payloadBytes)) return { fault: 'Payload and signature of the JWS are base64url without padding, the payload UTF-8.' };
  return { parts: { header, payload: payloadBytes.toString('utf8'), signingInput: `${protectedHeader}.${payload}`, signature: signatureBytes } };
}

/** Whose key a JWS claims to be made with; undefined when it is none that is taken here. Nothing of it is verified. */
export function kidOf(compact: unknown): string | undefined {
  if (typeof compact !== 'string' || compact.length > MAX_JWS_LENGTH) return undefined;
  const end = compact.indexOf('.');
  return end < 0 ? undefined : headerOf(compact.slice(0, end))?.kid;
}

/** RFC 7515, 4.1.11: `crit` names what must be understood, and nothing is here; RFC 7797's `b64` would change what is signed. */
function headerOf(text: string): JwsParts['header'] | undefined {
  const bytes = text.length > MAX_HEADER_LENGTH ? undefined : base64urlBytes(text);
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header) || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return undefined;
  const { alg, kid } = header as { readonly alg?: unknown; readonly kid?: unknown };
  return typeof alg === 'string' && typeof kid === 'string' && kid.length >= 1 && kid.length <= MAX_KID_LENGTH ? { alg, kid } : undefined;
}
