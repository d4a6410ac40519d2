import type { Algorithm } from '#keys/contract.js';
import type { SignatureFormat } from '#operations/contract.js';
import { ecdsaRawToDer } from './ecdsa-der.js';

/** Base64 of a signature as an order wants it: the HSM gives ECDSA as r‖s (PKCS #11 v3.1, section 6.3.1), callers get DER unless they ask for raw. */
export const encodeSignature = (algorithm: Algorithm, format: SignatureFormat, signature: Uint8Array): string =>
  Buffer.from(algorithm.startsWith('ES') && format === 'der' ? ecdsaRawToDer(signature) : signature).toString('base64');
