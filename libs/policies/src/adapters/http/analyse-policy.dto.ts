import { ListField, ObjectListField } from '#platform/http/fields/nested.field.js';
import { PolicySourceField } from '#platform/http/fields/policy.field.js';
import { TextField, textOf } from '#platform/http/fields/text.field.js';
import { Named } from '#platform/http/schema/json-schema.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { MAX_NAME } from '../../domain/parse-node.js';

const MAX_PEOPLE = 200;
/** Groups, and roles, of one person. */
const MAX_NAMES = 100;
const NAME: { readonly check: ReturnType<typeof textOf>; readonly schema: JsonSchema } = { check: textOf(1, MAX_NAME), schema: { type: 'string', minLength: 1, maxLength: MAX_NAME } };

@Named('AnalysedPersonRequest')
export class AnalysedPersonDto {
  @TextField(1, MAX_NAME, { description: 'Names a human within this call' }) readonly id: string;
  @ListField(0, MAX_NAMES, NAME, { optional: true }) readonly groups?: readonly string[];
  @ListField(0, MAX_NAMES, NAME, { optional: true }) readonly roles?: readonly string[];
}

@Named('AnalysePolicyRequest')
export class AnalysePolicyDto {
  @PolicySourceField() readonly approvalPolicy: unknown;
  @ObjectListField(AnalysedPersonDto, { min: 0, max: MAX_PEOPLE, unique: 'id' }) readonly people: readonly AnalysedPersonDto[];
  @TextField(1, MAX_NAME, { optional: true, description: 'Who asks; never counts' }) readonly requester?: string;
  @ListField(0, MAX_PEOPLE, NAME, { optional: true, description: 'Others who never count' }) readonly excluded?: readonly string[];
}
