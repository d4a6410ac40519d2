import { hash } from 'node:crypto';
import type { ProofVerifier, JwsVerdict } from '../../application/ports/proof-verifier.port.js';
import { jwsParts, MAX_JWS_LENGTH } from '../../application/proofs/jws-parts.js';
import { readDecisionProof } from '../../application/proofs/parse-decision-proof.js';
import { MAX_STATEMENT_LENGTH } from '../../application/statements/strict-statement.js';
import type { Credential } from '../../domain/credential.js';
import type { DecisionProof, ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';

const MAX_ENTRIES = 16_384;

/**
 * Remembers that a proof verifies under a key (rule 24), and nothing else: no refusal, no status, no time. What verified once does so for ever, so nothing of it grows old;
 * the least recently used goes first. An entry is the SHA-256 of everything that the verification depends on: key, kid, relying party, statement and proof.
 */
export class VerifiedProofs implements ProofVerifier {
  readonly #verified = new Set<string>();
  constructor(private readonly verifier: ProofVerifier, private readonly maxEntries = MAX_ENTRIES) {}

  async decision(proof: DecisionProof, statement: string, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined> {
    const entry = entryOf(() => decisionParts(proof, statement, credential, relying));
    if (entry !== undefined && this.#knows(entry)) return undefined;
    const fault = await this.verifier.decision(proof, statement, credential, relying);
    if (fault === undefined && entry !== undefined) this.#keep(entry);
    return fault;
  }

  async jws(compact: string, credential: Credential): Promise<JwsVerdict> {
    const entry = entryOf(() => (typeof compact === 'string' && compact.length <= MAX_JWS_LENGTH ? ['jws', credential.credentialId, credential.key, compact] : undefined));
    if (entry !== undefined && this.#knows(entry)) {
      const read = jwsParts(compact);
      if ('parts' in read) return { payload: read.parts.payload };
    }
    const verdict = await this.verifier.jws(compact, credential);
    if ('payload' in verdict && entry !== undefined) this.#keep(entry);
    return verdict;
  }

  #knows(entry: string): boolean {
    if (!this.#verified.delete(entry)) return false;
    this.#verified.add(entry);
    return true;
  }

  #keep(entry: string): void {
    this.#verified.add(entry);
    if (this.#verified.size <= this.maxEntries) return;
    const [oldest] = this.#verified;
    if (oldest !== undefined) this.#verified.delete(oldest);
  }
}

type Parts = readonly unknown[] | undefined;

function decisionParts(proof: DecisionProof, statement: string, { credentialId, key }: Credential, { rpId, origin }: RelyingParty): Parts {
  const read = readDecisionProof(proof, '');
  if ('faults' in read || typeof statement !== 'string' || statement.length > MAX_STATEMENT_LENGTH) return undefined;
  // The challenge's id is no part of what is verified.
  if (read.proof.type === 'jws') return ['decision', credentialId, key, statement, read.proof.jws];
  const { id, rawId, response } = read.proof.response;
  return ['assertion', rpId, origin, credentialId, key, statement, id, rawId, response.clientDataJSON, response.authenticatorData, response.signature];
}

/** One text for one list, whatever its parts hold; undefined where there is nothing to remember: the verifier says what is wrong with it. */
function entryOf(parts: () => Parts): string | undefined {
  try {
    const list = parts();
    return list === undefined ? undefined : hash('sha256', JSON.stringify(list), 'base64');
  } catch {
    return undefined;
  }
}
