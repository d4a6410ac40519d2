/** RFC 8032, 5.1: the field's prime, and the constant of the curve -x² + y² = 1 + d·x²·y². */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

const mod = (value: bigint): bigint => ((value % P) + P) % P;
function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/**
 * Whether 32 bytes are a public key that says something: the one encoding of a point of the curve (RFC 8032, 5.1.3) that is not one of the eight of small order,
 * for which signatures can be made that verify over many messages without a private key: the OpenSSL of Node 20 takes them, that of Node 24 does not.
 */
export function isUsableEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const number = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const y = number & ((1n << 255n) - 1n);
  if (y >= P) return false;
  const ySquare = mod(y * y);
  const [u, v] = [mod(ySquare - 1n), mod(D * ySquare + 1n)];
  // x² = u/v, which is a square exactly when u·v is (v is never 0). Where it is 0, y is 1 or -1: orders one and two.
  const isSquare = power(u * v, (P - 1n) / 2n) === 1n;
  return isSquare && !hasOrderFourOrEight(y, mod(u * power(v, P - 2n)));
}

/** Doubling is y' = (y² + x²)/(2 + x² - y²), and order four has y = 0: so a point is of order four when y is 0, of order eight when its double's is. */
const hasOrderFourOrEight = (y: bigint, xSquare: bigint): boolean => y === 0n || mod(y * y + xSquare) === 0n;
