import { Named } from '#platform/http/schema/json-schema.js';
import { KeyIdField, OneOfField } from '#platform/http/fields/text.field.js';
import { PageQuery } from '#platform/http/page.dto.js';
import type { OperationViewState } from '../../application/operation-view.js';
import { OPERATION_STATES } from './operation.schema.js';

@Named('ListOperationsQuery')
export class ListOperationsDto extends PageQuery {
  @OneOfField(OPERATION_STATES, { optional: true }) readonly state?: OperationViewState;
  @KeyIdField({ optional: true }) readonly keyId?: string;
  @OneOfField(['me'], { optional: true }) readonly requestedBy?: 'me';
  @OneOfField(['me'], { optional: true }) readonly decidedBy?: 'me';
}

@Named('GetOperationQuery')
export class GetOperationDto {
  @OneOfField(['decided'], { optional: true, description: 'Waits until it is no longer pending, as long as `Prefer: wait=n` says; 10 s when it says nothing' }) readonly until?: 'decided';
}
