import type { ApiResponseOptions } from '@nestjs/swagger';
import type { ErrorCode } from '#kernel/error-code.js';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, problemOf } from '../problem.js';
import type { Problem } from '../problem.js';
import { ref } from '../schema/json-schema.js';
import { COMMON_HEADERS } from './answer-responses.js';
import type { EndpointFacts } from './endpoint-facts.js';
import { problemsOf } from './endpoint-facts.js';
import { ProblemBody } from './problem.schema.js';

const HEADERS = {
  'WWW-Authenticate': { description: 'RFC 6750', required: true, schema: { type: 'string' }, example: 'Bearer realm="countersign"' },
  'Retry-After': { description: 'Seconds after which another try may work', required: true, schema: { type: 'string', pattern: '^\\d+$' }, example: '1' },
  Allow: { description: 'The methods that go with the path', required: true, schema: { type: 'string' }, example: 'GET, HEAD, POST' },
} as const;
const HEADER_OF: Readonly<Record<number, keyof typeof HEADERS>> = { 401: 'WWW-Authenticate', 405: 'Allow', 429: 'Retry-After', 503: 'Retry-After' };
const EXAMPLE_ID = '5f0c3c3e-3b62-4a51-9d0b-1f2d3c4b5a69';

/** What a problem with this code looks like. */
export const exampleProblem = (code: ErrorCode): Problem =>
  problemOf(code, PROBLEMS[code].title, EXAMPLE_ID, code === 'VALIDATION_FAILED' ? [{ path: '/keyUsages/0/maxUsageCount', message: 'must be a whole number from 1 to 1000000' }] : undefined);

/** One answer of the OpenAPI document for all codes of one status. */
export function problemResponse(status: number, codes: readonly ErrorCode[]) {
  const header = HEADER_OF[status];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
    headers: { ...COMMON_HEADERS, ...(header === undefined ? {} : { [header]: HEADERS[header] }) },
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: { allOf: [{ ...ref(ProblemBody) }, { type: 'object', properties: { code: { enum: [...codes] } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { summary: PROBLEMS[code].title, value: exampleProblem(code) }])),
      },
    },
  };
}

/** The answers of a call that did not work, for the OpenAPI document, codes grouped by their status. */
export function problemResponses(facts: EndpointFacts): readonly ApiResponseOptions[] {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(facts)) byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  return [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]): ApiResponseOptions => ({ status, ...problemResponse(status, codes) }));
}
