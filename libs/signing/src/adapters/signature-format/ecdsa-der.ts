import { Integer, Sequence, fromBER } from 'asn1js';

export class SignatureFormatError extends Error {
  override readonly name = 'SignatureFormatError';
}

/** Widths of r‖s: 64 for P-256, 96 for P-384. */
const RAW_BYTES: readonly number[] = [64, 96];

/**
 * Ecdsa-Sig-Value, DER (RFC 3279 section 2.2.3).
 * @param raw r‖s, big-endian, each of the curve's width @throws SignatureFormatError
 */
export function ecdsaRawToDer(raw: Uint8Array): Uint8Array {
  if (!RAW_BYTES.includes(raw.length)) throw new SignatureFormatError(`an ECDSA signature of ${raw.length} octets`);
  const half = raw.length / 2;
  return new Uint8Array(new Sequence({ value: [integer(raw.subarray(0, half)), integer(raw.subarray(half))] }).toBER());
}

/**
 * r‖s of an Ecdsa-Sig-Value. Takes DER alone: no other encoding of the same two numbers, no octet after them.
 * @param rawBytes 64 for P-256, 96 for P-384 @throws SignatureFormatError
 */
export function ecdsaDerToRaw(der: Uint8Array, rawBytes: 64 | 96): Uint8Array {
  const [r, s, ...more] = members(der);
  if (r === undefined || s === undefined || more.length > 0) throw new SignatureFormatError('no Ecdsa-Sig-Value');
  const raw = new Uint8Array(rawBytes);
  raw.set(fixedWidth(r, rawBytes / 2), 0);
  raw.set(fixedWidth(s, rawBytes / 2), rawBytes / 2);
  if (!Buffer.from(ecdsaRawToDer(raw)).equals(der)) throw new SignatureFormatError('an Ecdsa-Sig-Value that is not DER');
  return raw;
}

/** X.690 section 8.3: the fewest octets, and one of zeros before a first bit that is set. */
function integer(magnitude: Uint8Array): Integer {
  let from = 0;
  while (from < magnitude.length - 1 && magnitude[from] === 0) from++;
  const bare = magnitude.subarray(from);
  if ((bare[0] ?? 0) < 0x80) return new Integer({ valueHex: bare });
  const padded = new Uint8Array(bare.length + 1);
  padded.set(bare, 1);
  return new Integer({ valueHex: padded });
}

function members(der: Uint8Array): readonly unknown[] {
  try {
    const { result, offset } = fromBER(Uint8Array.from(der));
    return result instanceof Sequence && offset === der.length ? result.valueBlock.value : [];
  } catch {
    return [];
  }
}

function fixedWidth(member: unknown, width: number): Uint8Array {
  if (!(member instanceof Integer)) throw new SignatureFormatError('no Ecdsa-Sig-Value');
  const octets = member.valueBlock.valueHexView;
  const magnitude = octets[0] === 0 ? octets.subarray(1) : octets;
  if (magnitude.length > width) throw new SignatureFormatError('a number that is wider than the curve');
  const fixed = new Uint8Array(width);
  fixed.set(magnitude, width - magnitude.length);
  return fixed;
}
