import type { InputFault } from '#kernel/domain-error.js';
import { Field, OK, fault } from '#platform/http/fields/field.js';
import { ObjectField } from '#platform/http/fields/nested.field.js';
import { PolicySourceField } from '#platform/http/fields/policy.field.js';
import { Rule } from '#platform/http/fields/rule.js';
import { KeyIdField, OneOfField, PatternField, TextField } from '#platform/http/fields/text.field.js';
import { Named } from '#platform/http/schema/json-schema.js';
import { ALGORITHMS, isRsa } from '../../domain/key/algorithm.js';
import type { Algorithm } from '../../domain/key/algorithm.js';
import { PURPOSES } from '../../domain/key/events.js';
import type { Purpose } from '../../domain/key/events.js';

const MODULUS_BITS: readonly unknown[] = [2048, 3072, 4096];

/** Who may ask for the key; both when both are given. */
@Named('RequestersRequest')
@Rule<RequestersDto>((body) => (body.group === undefined && body.role === undefined ? fault('must name a group, a role or both') : OK))
export class RequestersDto {
  @TextField(1, 200, { optional: true }) readonly group?: string;
  @TextField(1, 200, { optional: true }) readonly role?: string;
}

/** A key pair that is in the token already; exactly one must match. */
@Named('Pkcs11KeyRequest')
@Rule<Pkcs11KeyDto>((body) => (body.label === undefined && body.idHex === undefined ? fault('must have a label, an idHex or both') : OK))
export class Pkcs11KeyDto {
  @TextField(1, 255, { optional: true, description: 'CKA_LABEL' }) readonly label?: string;
  @PatternField(/^(?:[0-9A-Fa-f]{2}){1,128}$/, 'must be 1 to 128 bytes in hex', { optional: true, description: 'CKA_ID in hex' }) readonly idHex?: string;
}

@Named('RegisterKeyRequest')
@Rule<RegisterKeyDto>((body): readonly InputFault[] => (body.modulusBits !== undefined && !isRsa(body.algorithm) ? fault('goes with RSA algorithms only', '/modulusBits') : OK))
export class RegisterKeyDto {
  @KeyIdField() readonly keyId: string;
  @OneOfField(PURPOSES) readonly purpose: Purpose;
  @OneOfField(ALGORITHMS) readonly algorithm: Algorithm;
  @Field({
    check: (value) => (MODULUS_BITS.includes(value) ? OK : fault(`must be one of ${MODULUS_BITS.join(', ')}`)),
    schema: { type: 'integer', enum: MODULUS_BITS, default: 3072, description: 'RSA only' },
    optional: true,
  })
  readonly modulusBits?: number;
  @PolicySourceField() readonly approvalPolicy: unknown;
  @TextField(1, 2000, { optional: true }) readonly description?: string;
  @ObjectField(RequestersDto, { optional: true }) readonly requesters?: RequestersDto;
  @ObjectField(Pkcs11KeyDto, { optional: true }) readonly pkcs11?: Pkcs11KeyDto;
}

@Named('ReasonRequest')
export class ReasonDto {
  @TextField(1, 2000) readonly reason: string;
}
