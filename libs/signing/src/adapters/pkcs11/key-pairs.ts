import type { Algorithm } from '#keys/contract.js';
import { HsmError } from '../../application/ports/hsm.port.js';
import type { HsmKeyPair } from '../../application/ports/hsm.port.js';
import type { Attribute, Handle } from './cryptoki.js';
import { CKA, CKK_RSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY } from './cryptoki-constants.js';
import { numberOf, readPublicKey } from './key-objects.js';
import { keyKind, signMechanism } from './mechanisms.js';
import type { OpenToken } from './open-token.js';
import { ecParams, isOfKind, toSpki } from './public-key.js';

export interface PairRequest {
  readonly ckaIdHex: string;
  readonly label: string;
  readonly algorithm: Algorithm;
  readonly modulusBits: number | null;
}
export interface AdoptRequest {
  readonly label: string | null;
  readonly idHex: string | null;
  readonly algorithm: Algorithm;
  readonly modulusBits: number | null;
}
interface Found {
  readonly privateKeys: readonly Handle[];
  readonly publicKeys: readonly Handle[];
}

const PUBLIC_EXPONENT = Buffer.from('010001', 'hex');
const RSA_BITS: readonly (number | null)[] = [2_048, 3_072, 4_096];
const MAX_LABEL_BYTES = 255;

/**
 * The pair with this CKA_ID, made when it isn't there (rule 15). The CKA_ID follows from one command, so whatever carries it is from an earlier attempt at this very pair:
 * half a pair was never registered, and goes.
 * @param running told of the call that generates, which goes on when this gives up waiting @throws HsmError
 */
export async function findOrCreatePair(token: OpenToken, request: PairRequest, timeoutMs: number, running: (returned: Promise<void>) => void): Promise<HsmKeyPair> {
  assertSupported(token, request.algorithm, keyKind(request.algorithm).generateMechanism);
  if (keyKind(request.algorithm).keyType === CKK_RSA && !RSA_BITS.includes(request.modulusBits)) throw new HsmError('refused', 'ALGORITHM_UNSUPPORTED', `RSA of ${String(request.modulusBits)} bits`);
  const id: Attribute = { type: CKA.ID, value: Buffer.from(request.ckaIdHex, 'hex') };
  const session = token.cryptoki.openSession(token.slot, true);
  let generating: Promise<void> | null = null;
  try {
    const found = search(token, session, [id]);
    if (found.privateKeys.length > 0 && found.publicKeys.length > 0) return checkedPair(token, session, found, request);
    if (found.privateKeys.length + found.publicKeys.length > 0) {
      // A token that is going away shows half of what it holds: nothing is destroyed before it is certain that it is there.
      token.assertPresent();
      for (const orphan of [...found.publicKeys, ...found.privateKeys]) token.cryptoki.destroyObject(session, orphan);
    }
    const [publicTemplate, privateTemplate] = templates(request, id);
    const pending = token.cryptoki.generateKeyPair(session, keyKind(request.algorithm).generateMechanism, publicTemplate, privateTemplate, timeoutMs);
    generating = pending.returned;
    running(pending.returned);
    await pending.outcome;
    return checkedPair(token, session, search(token, session, [id]), request);
  } finally {
    // The session of a call that has not returned is closed when it does.
    if (generating === null) token.closeSession(session);
    else void generating.then(() => token.closeSession(session));
  }
}

/** The one pair that matches. @throws HsmError */
export function findPair(token: OpenToken, request: AdoptRequest): HsmKeyPair {
  const session = token.keeper;
  assertSupported(token, request.algorithm, signMechanism(request.algorithm).mechanism);
  const named: Attribute[] = [];
  if (request.label !== null) named.push({ type: CKA.LABEL, value: request.label });
  if (request.idHex !== null) named.push({ type: CKA.ID, value: Buffer.from(request.idHex, 'hex') });
  if (named.length === 0) throw new HsmError('refused', 'KEY_MISSING', 'neither a label nor an id');
  const [privateKey, ...more] = search(token, session, named).privateKeys;
  if (privateKey === undefined || more.length > 0) throw missing(token, `${privateKey === undefined ? 'no' : more.length + 1} private keys match`);
  const [id] = token.cryptoki.attributes(session, privateKey, [CKA.ID]) ?? [];
  if (id === undefined || id.length === 0) throw missing(token, 'the private key has no CKA_ID');
  // By its CKA_ID from here on: that is how it is used, and its public key may carry another label.
  return checkedPair(token, session, search(token, session, [{ type: CKA.ID, value: id }]), { ...request, ckaIdHex: id.toString('hex') });
}

function search(token: OpenToken, session: Handle, named: readonly Attribute[]): Found {
  return {
    privateKeys: token.cryptoki.find(session, [{ type: CKA.CLASS, value: CKO_PRIVATE_KEY }, ...named]),
    publicKeys: token.cryptoki.find(session, [{ type: CKA.CLASS, value: CKO_PUBLIC_KEY }, ...named]),
  };
}

function checkedPair(token: OpenToken, session: Handle, found: Found, request: Pick<PairRequest, 'ckaIdHex' | 'algorithm' | 'modulusBits'>): HsmKeyPair {
  const { cryptoki } = token;
  const kind = keyKind(request.algorithm);
  const [privateKey, ...morePrivate] = found.privateKeys;
  const [publicKey, ...morePublic] = found.publicKeys;
  if (privateKey === undefined || publicKey === undefined) throw missing(token, `CKA_ID ${request.ckaIdHex}: ${privateKey === undefined ? 'no private key' : 'no public key'}`);
  if (morePrivate.length + morePublic.length > 0) throw new HsmError('refused', 'KEY_KIND_MISMATCH', `several keys have the CKA_ID ${request.ckaIdHex}`);
  const [type] = cryptoki.attributes(session, privateKey, [CKA.KEY_TYPE]) ?? [];
  const read = readPublicKey(cryptoki, session, publicKey);
  if (type === undefined || numberOf(type) !== kind.keyType || read === undefined || !isOfKind(read, kind, request.modulusBits)) {
    throw new HsmError('refused', 'KEY_KIND_MISMATCH', `the key with CKA_ID ${request.ckaIdHex} is none for ${request.algorithm}`);
  }
  const [sensitive, extractable] = cryptoki.attributes(session, privateKey, [CKA.SENSITIVE, CKA.EXTRACTABLE]) ?? [];
  if (sensitive?.[0] !== 1 || extractable?.[0] !== 0) throw new HsmError('refused', 'KEY_UNPROTECTED', `the key with CKA_ID ${request.ckaIdHex} is not sensitive, or can be extracted`);
  const pair = { ckaIdHex: request.ckaIdHex, spki: toSpki(read), tokenSerial: token.serial };
  // Looked for as a signature will look for it; of an RSA pair this compares the two halves.
  token.keys.privateKey(session, { ckaIdHex: pair.ckaIdHex, spki: pair.spki, algorithm: request.algorithm });
  return pair;
}

function templates(request: PairRequest, id: Attribute): readonly [readonly Attribute[], readonly Attribute[]] {
  const { curve } = keyKind(request.algorithm);
  const label: Attribute = { type: CKA.LABEL, value: Buffer.from(request.label).subarray(0, MAX_LABEL_BYTES) };
  const no = (...types: readonly number[]): Attribute[] => types.map((type) => ({ type, value: false }));
  const shape: Attribute[] = curve === null
    ? [{ type: CKA.MODULUS_BITS, value: request.modulusBits ?? 0 }, { type: CKA.PUBLIC_EXPONENT, value: PUBLIC_EXPONENT }]
    : [{ type: CKA.EC_PARAMS, value: ecParams(curve) }];
  return [
    [{ type: CKA.TOKEN, value: true }, { type: CKA.PRIVATE, value: false }, id, label, { type: CKA.VERIFY, value: true }, ...no(CKA.ENCRYPT, CKA.WRAP, CKA.VERIFY_RECOVER), ...shape],
    [
      { type: CKA.TOKEN, value: true }, { type: CKA.PRIVATE, value: true }, id, label, { type: CKA.SENSITIVE, value: true }, { type: CKA.EXTRACTABLE, value: false },
      { type: CKA.SIGN, value: true }, ...no(CKA.DECRYPT, CKA.UNWRAP, CKA.SIGN_RECOVER, CKA.DERIVE),
    ],
  ];
}

function assertSupported(token: OpenToken, algorithm: Algorithm, mechanism: number): void {
  if (!token.mechanisms.has(mechanism) || !token.mechanisms.has(signMechanism(algorithm).mechanism)) throw new HsmError('refused', 'ALGORITHM_UNSUPPORTED', `the token can't do ${algorithm}`);
}
/** @throws HsmError instead when it is the token that is missing */
function missing(token: OpenToken, message: string): HsmError {
  token.assertPresent();
  return new HsmError('refused', 'KEY_MISSING', message);
}
