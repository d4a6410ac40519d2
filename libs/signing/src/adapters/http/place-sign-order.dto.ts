import type { InputFault } from '#kernel/domain-error.js';
import { digestBytes } from '#keys/contract.js';
import type { HashName } from '#keys/contract.js';
import type { SignatureFormat } from '#operations/contract.js';
import { base64Bytes, isBase64 } from '#platform/http/base64.js';
import { Field, OK, fault } from '#platform/http/fields/field.js';
import { ListField, ObjectField } from '#platform/http/fields/nested.field.js';
import { Rule } from '#platform/http/fields/rule.js';
import { KeyIdField, OneOfField, TextField } from '#platform/http/fields/text.field.js';
import { pointer } from '#platform/http/pointer.js';
import { Named } from '#platform/http/schema/json-schema.js';
import { BASE64 } from '#platform/http/schema/texts.js';

const HASHES: readonly HashName[] = ['SHA-256', 'SHA-384', 'SHA-512'];
const MAX_DIGESTS = 1000;
/** One message, decoded. */
export const MAX_DATA_BYTES = 1024 * 1024;

function onlyOneInput(body: PlaceSignOrderDto): readonly InputFault[] {
  const { digests, data, digestAlgorithm } = body;
  if (digests === undefined && data === undefined) return fault('must have digests or data');
  if (digests !== undefined && data !== undefined) return fault('must have digests or data, not both', '/data');
  if (data !== undefined) return digestAlgorithm === undefined ? OK : fault('goes with digests only', '/digestAlgorithm');
  return digestAlgorithm === undefined ? fault('is required with digests', '/digestAlgorithm') : OK;
}

function digestsOfOneHash({ digests, digestAlgorithm }: PlaceSignOrderDto): readonly InputFault[] {
  if (digests === undefined || digestAlgorithm === undefined) return OK;
  const bytes = digestBytes(digestAlgorithm);
  const faults: InputFault[] = [];
  for (let i = 0; i < digests.length; i++) if (base64Bytes(digests[i] ?? '') !== bytes) faults.push({ path: `/digests${pointer(i)}`, message: `must be ${bytes} bytes, as ${digestAlgorithm} makes them` });
  return faults.slice(0, 100);
}

@Named('SignOrderProof', 'The orderer’s own signature over the order')
export class OrderProofDto {
  @OneOfField(['jws']) readonly type: 'jws';
  @TextField(1, 200_000, { description: 'Compact JWS (RFC 7515) over the RFC 8785 JSON of operationId, requestDigest, idempotencyKey, keyId, digests' }) readonly jws: string;
}

@Named('SignOrderRequest', '`digests` with `digestAlgorithm`, or `data`')
@Rule(digestsOfOneHash)
@Rule(onlyOneInput)
export class PlaceSignOrderDto {
  @KeyIdField() readonly keyId: string;
  @ListField(1, MAX_DIGESTS, {
    check: (value) => (typeof value === 'string' && isBase64(value) ? OK : fault('must be base64: standard alphabet, padded')),
    schema: { ...BASE64, minLength: 44, maxLength: 88 },
  }, { optional: true, description: 'Prehashed input; equal ones are as many signatures' })
  readonly digests?: readonly string[];
  @OneOfField(HASHES, { optional: true, description: 'Must be the key’s' }) readonly digestAlgorithm?: HashName;
  // Its length is no matter of shape: a longer one is 413.
  @Field({
    check: (value) => (typeof value === 'string' && isBase64(value) ? OK : fault('must be base64: standard alphabet, padded')),
    schema: { ...BASE64, description: 'One message of up to 1 MiB, hashed by the service; of up to 256 KiB with EdDSA, which signs the message itself' },
    optional: true,
  })
  readonly data?: string;
  @OneOfField(['der', 'raw'], { optional: true, description: 'ECDSA: `der` when left out, or `raw` for r‖s' }) readonly signatureFormat?: SignatureFormat;
  @ObjectField(OrderProofDto, { optional: true }) readonly proof?: OrderProofDto;
}
