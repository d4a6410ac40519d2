import { ObjectListField } from '#platform/http/fields/nested.field.js';
import { IntegerField } from '#platform/http/fields/number.field.js';
import { KeyIdField, TextField } from '#platform/http/fields/text.field.js';
import { Named } from '#platform/http/schema/json-schema.js';
import { LIMITS } from './request-operation.dto.js';

/** The member by which a body is known to be of this form. */
export const SEED_MEMBER = 'new-keyusagerestrictions';

@Named('KeyUsageRestriction')
export class SeedKeyUsageDto {
  @KeyIdField() readonly keyid: string;
  @IntegerField(1, LIMITS.uses) readonly maxusagecount: number;
}

@Named('OperationRequestKebabCase', 'An operation in the form of older clients; means the same')
export class SeedOperationDto {
  @ObjectListField(SeedKeyUsageDto, { min: 1, max: LIMITS.keys, unique: 'keyid' }) readonly [SEED_MEMBER]: readonly SeedKeyUsageDto[];
  @TextField(1, LIMITS.description) readonly description: string;
  @TextField(0, LIMITS.context, { optional: true }) readonly approvercontext?: string;
  @IntegerField(LIMITS.minValidMs, LIMITS.maxValidMs) readonly validms: number;
}
