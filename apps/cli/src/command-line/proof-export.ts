import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CredentialKey } from '#identity/contract.js';
import { optionsOf, required } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Writes a signed decision as files for other people's tools: openssl for a JWS, fido2-assert of libfido2 for a passkey or security key. Verifies nothing itself.

usage: countersign proof export --proof FILE --credential FILE --out DIR [--rp-id DOMAIN]

  --proof        JSON: an operations.approval-given event of the trail, or its data.proof, which has the statement beside it
  --credential   JSON: the public key as it was registered, a JWK or {"publicKey": "…"} with the COSE_Key of an authenticator; or a credential with its key
  --rp-id        for which domain the authenticator signed. The host of the statement's audience, unless said
  --out          a folder that does not exist

The commands to run in that folder are on standard output. What they prove, and what is left to compare: docs/proofs.md.
`;

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

function membersIn(file: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(error instanceof SyntaxError ? `${file} holds no JSON` : `${file} can not be read`);
  }
  if (!isMembers(value)) throw new Error(`${file} holds no JSON object`);
  return value;
}

/** A key as it was registered, or a credential or an event around it. */
function keyOf(given: Members): CredentialKey {
  const inside = [given['key'], given['publicJwk']].find(isMembers);
  if (inside !== undefined) return keyOf(inside);
  if (typeof given['kty'] === 'string') return { type: 'jwk', publicJwk: given as unknown as Extract<CredentialKey, { type: 'jwk' }>['publicJwk'] };
  if (typeof given['publicKey'] === 'string') return { type: 'webauthn', id: '', publicKey: given['publicKey'], transports: [], backupEligible: false };
  throw new Error('the credential has neither a JWK nor a publicKey');
}

const hostOf = (statement: string): string => {
  try {
    const { audience } = JSON.parse(statement) as { readonly audience?: unknown };
    return new URL(String(audience)).hostname;
  } catch {
    throw new Error('the statement names no audience: say --rp-id');
  }
};

async function run(args: readonly string[], { out }: Surroundings): Promise<void> {
  const options = optionsOf(args, { proof: 'string', credential: 'string', out: 'string', 'rp-id': 'string' });
  const [proofFile, credentialFile, folder] = [required('proof', options.proof), required('credential', options.credential), required('out', options.out)];
  const given = membersIn(proofFile);
  const data = isMembers(given['data']) ? given['data'] : given;
  const proof = isMembers(data['proof']) ? data['proof'] : data;
  const { statement } = proof;
  if (typeof statement !== 'string') throw new Error('the proof has no statement beside it');
  const key = keyOf(membersIn(credentialFile));
  // Loaded when it is asked for: it brings the reader of COSE.
  const { offlineFiles } = await import('#identity/adapters/proofs/offline-files.js');
  const offline = offlineFiles(proof, statement, key, key.type === 'webauthn' ? (options['rp-id'] ?? hostOf(statement)) : '');
  if ('fault' in offline) throw new Error(offline.fault);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(offline.files)) writeFileSync(join(folder, name), content, { flag: 'wx' });
  for (const command of offline.commands) out.write(`${command.join(' ')}\n`);
}

export const exportProof: Subcommand = { name: 'proof export', summary: 'a signed decision as files for openssl or fido2-assert', help: HELP, run };
