import { genesisFaults, readGenesis } from '#administration/contract.js';
import type { Genesis, GenesisDocument } from '#administration/contract.js';
import { jwkOfCose } from '#identity/adapters/proofs/cose-key.js';
import { canonicalJson } from '#identity/contract.js';
import type { InputFault } from '#kernel/domain-error.js';

/** What is made where the file leaves it out. */
export interface Made {
  readonly deployment: string;
  readonly createdAt: string;
}

export type DrawnUp = { readonly document: GenesisDocument; readonly genesis: Genesis; readonly bytes: string } | { readonly faults: readonly InputFault[] };

const GENESIS_TYPE = 'countersign/genesis/v1';
/** It is one event, and a store takes no larger one. */
const MAX_BYTES = 900_000;
const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A genesis of what the file names and nothing else; lists of which it says nothing are empty in it. */
export function drawUpGenesis(value: unknown, made: Made): DrawnUp {
  if (!isMapping(value)) return { faults: [{ path: '', message: 'must be a mapping of keys to values' }] };
  const whole = { type: GENESIS_TYPE, ...made, people: [], rosters: [], policies: [], levels: [], separation: { exclusive: [], mutualWithinDays: 0 }, ...value };
  let bytes: string;
  try {
    bytes = canonicalJson(whole);
  } catch {
    return { faults: [{ path: '', message: 'has no RFC 8785 form: a number that is none, or half a character' }] };
  }
  if (Buffer.byteLength(bytes) > MAX_BYTES) return { faults: [{ path: '', message: `has more than ${MAX_BYTES} bytes as JSON: roster and policies can be given later` }] };
  // What is judged is what will be read: the bytes.
  const document = JSON.parse(bytes) as GenesisDocument;
  const faults = [...genesisFaults(document)];
  const read = readGenesis(document);
  if (faults.length > 0 || !('value' in read)) return { faults };
  const unusable = webauthnFaults(read.value);
  return unusable.length > 0 ? { faults: unusable } : { document, genesis: read.value, bytes };
}

/** Nothing that a key of another algorithm signs would ever count. */
const webauthnFaults = ({ credentials }: Genesis): readonly InputFault[] =>
  credentials.flatMap(({ key }, i) =>
    key.type === 'webauthn' && jwkOfCose(Buffer.from(key.publicKey, 'base64url')) === undefined ? [{ path: `/credentials/${i}/key/publicKey`, message: 'is no COSE_Key for ES256 or EdDSA' }] : [],
  );
