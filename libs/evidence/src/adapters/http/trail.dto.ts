import { InstantField, KeyIdField, PatternField, TextField } from '#platform/http/fields/text.field.js';
import { PageQuery } from '#platform/http/page.dto.js';
import { Named } from '#platform/http/schema/json-schema.js';

@Named('AuditQuery')
export class AuditDto extends PageQuery {
  @PatternField(/^[a-z-]{1,50}\.[a-z-]{1,50}(?:\.v\d{1,4})?$/, 'must be a type of event, such as operations.requested.v1', { optional: true }) readonly type?: string;
  @TextField(1, 2000, { optional: true, description: 'A subject, or `issuer#subject`' }) readonly actor?: string;
  @KeyIdField({ optional: true }) readonly keyId?: string;
  @InstantField({ optional: true, description: 'RFC 3339, inclusive' }) readonly from?: string;
  @InstantField({ optional: true, description: 'RFC 3339, exclusive' }) readonly to?: string;
}
