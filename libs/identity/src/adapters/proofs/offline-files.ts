import { createHash, createPublicKey } from 'node:crypto';
import { base64urlBytes } from '../../application/proofs/base64url.js';
import { jwsParts } from '../../application/proofs/jws-parts.js';
import { readDecisionProof } from '../../application/proofs/parse-decision-proof.js';
import { publicJwkShape } from '../../application/proofs/public-jwk.js';
import type { CredentialKey, PublicJwk } from '../../domain/credential.js';
import { jwkOfCose } from './cose-key.js';
import { derSignature } from './ecdsa-signature.js';

/** What a proof is verified with by other people's tools: files by name, and the commands that read them. */
export interface OfflineFiles {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Command lines, to be run in the folder of the files. */
  readonly commands: readonly (readonly string[])[];
}

/**
 * A proof as files for `openssl` (JWS) or `fido2-assert` of libfido2 (WebAuthn). Nothing is verified here: that is what the tools are for.
 * @param proof as in the body of a decision, or as it is stored @param statement what it is said to be over: a file of its own, to be compared
 */
export function offlineFiles(proof: unknown, statement: string, key: CredentialKey, rpId: string): OfflineFiles | { readonly fault: string } {
  const read = readDecisionProof(proof, '');
  if ('faults' in read) return { fault: 'it has not the shape of a proof' };
  if (read.proof.type === 'jws') return key.type === 'jwk' ? jwsFiles(read.proof.jws, statement, key.publicJwk) : { fault: 'the credential is one of an authenticator, the proof is a JWS' };
  return key.type === 'webauthn' ? assertionFiles(read.proof.response.response, statement, key.publicKey, rpId) : { fault: 'the proof is one of an authenticator, the credential is not' };
}

function jwsFiles(jws: string, statement: string, publicJwk: PublicJwk): OfflineFiles | { readonly fault: string } {
  const read = jwsParts(jws);
  const jwk = publicJwkShape(publicJwk);
  const pem = jwk === undefined ? undefined : pemOf(jwk);
  if ('fault' in read) return { fault: 'the JWS is none that is taken here' };
  if (jwk === undefined || pem === undefined) return { fault: 'the key of the credential is none' };
  const { signingInput, payload, signature } = read.parts;
  const isEc = jwk.kty === 'EC';
  return {
    files: { 'statement.json': statement, 'payload.json': payload, 'signed.txt': signingInput, 'signature.bin': isEc ? derSignature(signature) : signature, 'public.pem': pem },
    commands: [
      ['cmp', 'statement.json', 'payload.json'],
      isEc ? ['openssl', 'dgst', '-sha256', '-verify', 'public.pem', '-signature', 'signature.bin', 'signed.txt'] : ['openssl', 'pkeyutl', '-verify', '-pubin', '-inkey', 'public.pem', '-rawin', '-in', 'signed.txt', '-sigfile', 'signature.bin'],
    ],
  };
}

interface Assertion {
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

function assertionFiles(assertion: Assertion, statement: string, cose: string, rpId: string): OfflineFiles | { readonly fault: string } {
  const [clientData, authenticatorData, signature, key] = [assertion.clientDataJSON, assertion.authenticatorData, assertion.signature, cose].map(base64urlBytes);
  const jwk = key === undefined ? undefined : jwkOfCose(key);
  const pem = jwk === undefined ? undefined : pemOf(jwk);
  if (clientData === undefined || authenticatorData === undefined || signature === undefined) return { fault: 'the members of the assertion are not base64url' };
  if (jwk === undefined || pem === undefined) return { fault: 'the key of the credential is none' };
  if (!/^[\x21-\x7e]+$/.test(rpId)) return { fault: 'the RP ID is a domain name' };
  const hash = createHash('sha256').update(clientData).digest();
  // fido2-assert(1), INPUT FORMAT of -V; the authenticator data is a CBOR byte string, as libfido2 keeps it.
  const input = [hash.toString('base64'), rpId, byteString(authenticatorData).toString('base64'), signature.toString('base64')];
  return {
    files: { 'statement.json': statement, 'client-data.json': clientData, 'assertion.txt': `${input.join('\n')}\n`, 'public.pem': pem },
    commands: [['fido2-assert', '-V', '-p', '-v', '-i', 'assertion.txt', 'public.pem', jwk.kty === 'EC' ? 'es256' : 'eddsa']],
  };
}

/** CBOR major type 2 (RFC 8949, 3.1), up to 65,535 bytes. */
function byteString(bytes: Uint8Array): Buffer {
  const head = bytes.length < 24 ? [0x40 + bytes.length] : bytes.length < 256 ? [0x58, bytes.length] : [0x59, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** SubjectPublicKeyInfo as PEM; undefined when it is no point of its curve. */
function pemOf(jwk: PublicJwk): string | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    return undefined;
  }
}
