import { OneOfField, TextField } from '#platform/http/fields/text.field.js';
import { Named } from '#platform/http/schema/json-schema.js';

@Named('ResolutionRequest')
export class ResolveOutcomeDto {
  @OneOfField(['signed', 'not-signed']) readonly finding: 'signed' | 'not-signed';
  @TextField(1, 2000) readonly comment: string;
}
