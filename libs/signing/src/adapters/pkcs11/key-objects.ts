import { HsmError } from '../../application/ports/hsm.port.js';
import type { HsmKeyRef } from '../../application/ports/hsm.port.js';
import type { Attribute, Cryptoki, Handle } from './cryptoki.js';
import { CKA, CKK_EC, CKK_EC_EDWARDS, CKK_RSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY } from './cryptoki-constants.js';
import { keyKind } from './mechanisms.js';
import { curveOfParams, fromSpki, isOfKind, pointOf, publicKeyAttributes, toSpki } from './public-key.js';
import type { PublicKey } from './public-key.js';

/** Imported public keys held as session objects; one more takes the oldest one's place. */
const MAX_IMPORTED = 1_000;
const MAX_FOUND = 10_000;

/** Key objects of one opening of the token, by CKA_ID and public key (rule 15). */
export class KeyObjects {
  private readonly privateKeys = new Map<string, Handle>();
  private readonly importedKeys = new Map<string, Handle>();

  /** @param keeper session that owns imported keys: they end with it @param assertPresent throws when it is the token that is missing */
  constructor(private readonly cryptoki: Cryptoki, private readonly keeper: Handle, private readonly assertPresent: () => void) {}

  /**
   * The private key with this CKA_ID beside which a public key object with exactly this SPKI lies.
   * @throws HsmError `refused` KEY_MISSING or KEY_KIND_MISMATCH, or `retryable` when the token is lost
   */
  privateKey(session: Handle, key: HsmKeyRef): Handle {
    const name = nameOf(key);
    const known = this.privateKeys.get(name);
    if (known !== undefined) return known;
    const kind = keyKind(key.algorithm);
    const expected = fromSpki(key.spki);
    if (expected === undefined || !isOfKind(expected, kind, null)) throw new HsmError('refused', 'KEY_KIND_MISMATCH', `the public key of CKA_ID ${key.ckaIdHex} is none for ${key.algorithm}`);
    const { keyType } = kind;
    const named: readonly Attribute[] = [{ type: CKA.KEY_TYPE, value: keyType }, { type: CKA.ID, value: Buffer.from(key.ckaIdHex, 'hex') }];
    const publicThere = this.cryptoki
      .find(session, [{ type: CKA.CLASS, value: CKO_PUBLIC_KEY }, ...named])
      .some((handle) => isSame(readPublicKey(this.cryptoki, session, handle), key.spki));
    const all = this.cryptoki.find(session, [{ type: CKA.CLASS, value: CKO_PRIVATE_KEY }, ...named]);
    const fitting = keyType === CKK_RSA ? all.filter((handle) => this.hasModulusOf(session, handle, expected)) : all;
    const [only] = fitting;
    if (!publicThere || only === undefined || fitting.length > 1) {
      this.assertPresent();
      throw new HsmError('refused', 'KEY_MISSING', `${fitting.length} private keys with CKA_ID ${key.ckaIdHex}, ${publicThere ? 'with' : 'without'} this public key`);
    }
    if (this.privateKeys.size >= MAX_FOUND) this.privateKeys.clear();
    this.privateKeys.set(name, only);
    return only;
  }
  /** The handle no longer means this key. */
  forget(key: HsmKeyRef): void {
    this.privateKeys.delete(nameOf(key));
  }

  /** A session object made from the SPKI itself, so that a verification does not depend on what the token says the public key is. */
  importedPublicKey(key: HsmKeyRef): Handle {
    const name = Buffer.from(key.spki).toString('latin1');
    const known = this.importedKeys.get(name);
    if (known !== undefined) return known;
    const publicKey = fromSpki(key.spki);
    if (publicKey === undefined) throw new HsmError('refused', 'KEY_KIND_MISMATCH', 'the public key is of no supported kind');
    const handle = this.cryptoki.createObject(this.keeper, [
      { type: CKA.CLASS, value: CKO_PUBLIC_KEY }, { type: CKA.KEY_TYPE, value: publicKey.keyType }, { type: CKA.TOKEN, value: false }, { type: CKA.PRIVATE, value: false },
      { type: CKA.VERIFY, value: true }, ...publicKeyAttributes(publicKey),
    ]);
    const [oldest] = this.importedKeys;
    if (oldest !== undefined && this.importedKeys.size >= MAX_IMPORTED) {
      this.importedKeys.delete(oldest[0]);
      this.cryptoki.destroyObject(this.keeper, oldest[1]);
    }
    this.importedKeys.set(name, handle);
    return handle;
  }

  private hasModulusOf(session: Handle, privateKey: Handle, expected: PublicKey): boolean {
    const [modulus] = this.cryptoki.attributes(session, privateKey, [CKA.MODULUS]) ?? [];
    if (modulus === undefined || expected.keyType !== CKK_RSA) return false;
    return toSpki({ ...expected, modulus }).equals(toSpki(expected));
  }
}

const nameOf = (key: HsmKeyRef): string => `${key.algorithm} ${key.ckaIdHex} ${Buffer.from(key.spki).toString('latin1')}`;
const isSame = (key: PublicKey | undefined, spki: Uint8Array): boolean => key !== undefined && toSpki(key).equals(spki);

/** @returns undefined when the object is no public key of a supported kind */
export function readPublicKey(cryptoki: Cryptoki, session: Handle, object: Handle): PublicKey | undefined {
  const [type] = cryptoki.attributes(session, object, [CKA.KEY_TYPE]) ?? [];
  const keyType = type === undefined ? undefined : numberOf(type);
  if (keyType === CKK_RSA) {
    const [modulus, publicExponent] = cryptoki.attributes(session, object, [CKA.MODULUS, CKA.PUBLIC_EXPONENT]) ?? [];
    return modulus !== undefined && publicExponent !== undefined ? { keyType, modulus, publicExponent } : undefined;
  }
  if (keyType !== CKK_EC && keyType !== CKK_EC_EDWARDS) return undefined;
  const [params, attribute] = cryptoki.attributes(session, object, [CKA.EC_PARAMS, CKA.EC_POINT]) ?? [];
  const curve = params === undefined ? undefined : curveOfParams(params);
  const point = curve === undefined || attribute === undefined ? undefined : pointOf(curve, attribute);
  return curve !== undefined && point !== undefined ? { keyType, curve, point } : undefined;
}

/** A CK_ULONG as the module's machine lays it out (little-endian, 4 or 8 octets). */
export const numberOf = (value: Buffer): number => value.readUInt32LE(0);
