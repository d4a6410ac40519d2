import type { InputFault } from '#kernel/domain-error.js';
import { ERROR_CODES } from '#kernel/error-code.js';
import type { ErrorCode } from '#kernel/error-code.js';
import type { Problem } from '../problem.js';
import { Member, Named, listOf, ref } from '../schema/json-schema.js';

@Named('InputFault')
export class InputFaultBody implements InputFault {
  @Member({ type: 'string', description: 'JSON Pointer into the body, or the name of a parameter or header' }) readonly path: string;
  @Member({ type: 'string' }) readonly message: string;
}

@Named('Problem', 'An error as RFC 9457 has it')
export class ProblemBody implements Problem {
  @Member({ type: 'string', format: 'uri', pattern: '^urn:countersign:error:[A-Z0-9_]+$' }) readonly type: string;
  @Member({ type: 'string' }) readonly title: string;
  @Member({ type: 'integer', minimum: 400, maximum: 599 }) readonly status: number;
  @Member({ type: 'string' }) readonly detail: string;
  @Member({ type: 'string', enum: ERROR_CODES }) readonly code: ErrorCode;
  @Member({ type: 'string', format: 'uri', pattern: '^urn:countersign:request:' }) readonly instance: string;
  @Member(listOf(ref(InputFaultBody)), { optional: true }) readonly errors?: readonly InputFault[];
}
