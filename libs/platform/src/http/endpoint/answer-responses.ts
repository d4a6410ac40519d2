import type { ApiResponseOptions } from '@nestjs/swagger';
import type { AnswerFacts, AnswerHeader } from './endpoint-facts.js';

const HEADERS = {
  ETag: { description: 'The revision, in quotes', required: true, schema: { type: 'string', pattern: '^"\\d+"$' }, example: '"4"' },
  Location: { description: 'Path of what was made', required: true, schema: { type: 'string', pattern: '^/' }, example: '/v1/operations/0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e' },
} as const;
const REQUEST_ID = { description: 'Id of the request, as in the log: the one sent, or a random one', required: true, schema: { type: 'string' }, example: '5f0c3c3e-3b62-4a51-9d0b-1f2d3c4b5a69' } as const;

/** Headers that every answer carries. */
export const COMMON_HEADERS = { 'X-Request-Id': REQUEST_ID } as const;

/** The answers of a call that worked, for the OpenAPI document. */
export const answerResponses = (answers: readonly AnswerFacts[]): readonly ApiResponseOptions[] =>
  answers.map((answer) => ({
    status: answer.status,
    description: answer.description,
    headers: { ...COMMON_HEADERS, ...headersOf(answer.headers ?? []) },
    content: {
      [answer.mediaType ?? 'application/json']: {
        schema: { ...answer.schema },
        examples: Object.fromEntries(Object.entries(answer.examples).map(([name, value]) => [name, { summary: name, value }])),
      },
    },
  }));

const headersOf = (names: readonly AnswerHeader[]) => Object.fromEntries(names.map((name) => [name, HEADERS[name]]));
