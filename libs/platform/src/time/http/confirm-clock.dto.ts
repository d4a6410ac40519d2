import { TextField } from '../../http/fields/text.field.js';
import { INSTANT } from '../../http/schema/texts.js';
import { Member, Named } from '../../http/schema/json-schema.js';

@Named('ClockConfirmationRequest')
export class ConfirmClockDto {
  @TextField(1, 2000) readonly comment: string;
}

@Named('ClockConfirmation')
export class ClockConfirmationBody {
  @Member(INSTANT) readonly confirmedAt: string;
}
