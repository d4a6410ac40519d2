import { OK, fault } from '#platform/http/fields/field.js';
import { base64Bytes, isBase64 } from '#platform/http/base64.js';
import { ListField, ObjectField, ObjectListField } from '#platform/http/fields/nested.field.js';
import { IntegerField } from '#platform/http/fields/number.field.js';
import { InstantField, KeyIdField, TextField } from '#platform/http/fields/text.field.js';
import { Named } from '#platform/http/schema/json-schema.js';
import { BASE64 } from '#platform/http/schema/texts.js';

export const LIMITS = { keys: 100, uses: 1_000_000, minValidMs: 1_000, maxValidMs: 31_536_000_000, description: 2_000, context: 10_000, boundDigests: 1_000 } as const;
/** Lengths of the hashes that keys sign, in bytes. */
const DIGEST_BYTES: readonly number[] = [32, 48, 64];

@Named('KeyUsageRequest')
export class KeyUsageDto {
  @KeyIdField() readonly keyId: string;
  @IntegerField(1, LIMITS.uses) readonly maxUsageCount: number;
}

@Named('BindingRequest')
export class BindingDto {
  @ListField(1, LIMITS.boundDigests, {
    check: (value) => (typeof value === 'string' && isBase64(value) && DIGEST_BYTES.includes(base64Bytes(value)) ? OK : fault('must be base64 of a digest of 32, 48 or 64 bytes')),
    schema: { ...BASE64, minLength: 44, maxLength: 88 },
  }, { description: 'What alone may be signed, with any of the operation’s keys' })
  readonly digests: readonly string[];
}

@Named('EmergencyRequest', 'By the emergency paths of the policies; every use is reviewed afterwards')
export class EmergencyDto {
  @TextField(1, LIMITS.description) readonly reason: string;
}

@Named('OperationRequest')
export class RequestOperationDto {
  @ObjectListField(KeyUsageDto, { min: 1, max: LIMITS.keys, unique: 'keyId' }) readonly keyUsages: readonly KeyUsageDto[];
  @TextField(1, LIMITS.description) readonly description: string;
  @TextField(0, LIMITS.context, { optional: true, description: 'What the approver should know' }) readonly approverContext?: string;
  @IntegerField(LIMITS.minValidMs, LIMITS.maxValidMs, { description: 'Counted from `notBefore`, or from the request' }) readonly validMs: number;
  @InstantField({ optional: true, description: 'RFC 3339, any offset; may lie in the past as long as the window is not over' }) readonly notBefore?: string;
  @ObjectField(BindingDto, { optional: true }) readonly binding?: BindingDto;
  @ObjectField(EmergencyDto, { optional: true }) readonly emergency?: EmergencyDto;
}
