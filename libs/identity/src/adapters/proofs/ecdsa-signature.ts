/**
 * Whether bytes are exactly the DER of an ECDSA-Sig-Value of P-256 (RFC 3279, 2.2.3), with nothing missing, added or longer than needed: the library also takes other lengths
 * of its outer sequence, so that one signature had several texts.
 */
export function isDerSignature(bytes: Uint8Array): boolean {
  const r = bytes[3] ?? 0;
  const s = bytes[5 + r] ?? 0;
  return bytes[0] === 0x30 && bytes[1] === bytes.length - 2 && bytes.length === 6 + r + s && isPositive(bytes.subarray(2, 4 + r)) && isPositive(bytes.subarray(4 + r));
}

/** INTEGER, one octet of length, 1 to 33 octets: not negative, and no zero before it that is not needed. */
function isPositive([tag, length = 0, first = 0x80, second = 0]: Uint8Array): boolean {
  return tag === 0x02 && length >= 1 && length <= 33 && first < 0x80 && (first > 0 || length === 1 || second >= 0x80);
}

/** The DER of 64 bytes, r and s. */
export function derSignature(raw: Uint8Array): Buffer {
  const numbers = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, numbers.length]), numbers]);
}

function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(1) : bytes.subarray(start);
  const padded = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}
