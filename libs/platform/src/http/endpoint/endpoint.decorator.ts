import { Delete, Get, HttpCode, Post, Put, applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { JsonSchema } from '../schema/json-schema.js';
import { membersOf } from '../schema/json-schema.js';
import { KEY_ID, UUID } from '../schema/texts.js';
import type { EndpointFacts } from './endpoint-facts.js';
import { isMutating } from './endpoint-facts.js';
import { answerResponses } from './answer-responses.js';
import { problemResponses } from './problem-responses.js';

/** The name under which a route's configuration holds its facts. */
export const ENDPOINT = 'endpoint';
const ROUTE = { GET: Get, POST: Post, PUT: Put, DELETE: Delete } as const;
const PATH_PARAMETERS: Readonly<Record<string, JsonSchema>> = { operationId: UUID, signOrderId: UUID, reviewId: UUID, keyId: KEY_ID };
const HEADERS = {
  Prefer: { schema: { type: 'string' }, example: 'wait=10', description: 'RFC 7240: `wait=n` with n seconds up to 60, and where it is said `respond-async`. What cannot be read is ignored' },
  'If-Min-Revision': { schema: { type: 'string', pattern: '^\\d{1,15}$' }, example: '4', description: 'Waits up to 2 s until the read model has this revision, else 412' },
  'Countersign-Proof': {
    schema: { type: 'string', pattern: '^[\\w.-]{1,20000}$' },
    example: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjdjMWYifQ.eyJ0eXBlIjoiY291bnRlcnNpZ24vYWN0L3YxIn0.c2lnbmF0dXJl',
    description: 'Where a genesis was laid: a compact JWS (ES256 or EdDSA, `kid` a credential of the caller’s) over the RFC 8785 JSON of `type` (`countersign/act/v1`), `method`, `path`, `bodyDigest`, `session` and `previous`, the head that `GET /v1/control-plane` tells',
  },
  'Idempotency-Key': {
    schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,200}$' },
    example: 'release-4.2.0-attempt',
    description: 'Per caller, method and path. The same key with the same body gives back the same result and does nothing twice',
  },
} as const;

/** Method decorator: one call of the API. Nothing that it does not declare is reachable: a route without it stops the start. */
export function Endpoint(facts: EndpointFacts): MethodDecorator {
  const names = ['Prefer', 'If-Min-Revision', 'Countersign-Proof'] as const;
  const headers = [...names.filter((name) => facts.headers?.includes(name)), ...(isMutating(facts) && facts.access !== 'public' ? (['Idempotency-Key'] as const) : [])];
  return applyDecorators(
    ROUTE[facts.method](facts.path),
    HttpCode(facts.answers[0].status),
    RouteConfig({ [ENDPOINT]: facts }),
    ApiTags(facts.tag),
    ApiOperation({ operationId: facts.id, summary: facts.summary, description: described(facts) }),
    ...(facts.access === 'public' ? [] : [ApiBearerAuth('bearer')]),
    ...[...facts.path.matchAll(/:([A-Za-z]+)/g)].map(([, name = '']) => ApiParam({ name, required: true, schema: { ...(PATH_PARAMETERS[name] ?? { type: 'string' }) } })),
    ...(facts.query ? [...membersOf(facts.query)].map(([name, { schema, required }]) => queryParameter(name, schema, required)) : []),
    ...headers.map((name) => ApiHeader({ name, required: false, ...HEADERS[name] })),
    ...(facts.body ? [ApiBody({ required: true, schema: { ...facts.body.schema }, examples: named(facts.body.examples) })] : []),
    ...[...answerResponses(facts.answers), ...problemResponses(facts)].map((response) => ApiResponse(response)),
  );
}

function queryParameter(name: string, schema: JsonSchema, required: boolean): MethodDecorator {
  const { description, ...rest } = schema;
  return ApiQuery({ name, required, schema: rest, ...(typeof description === 'string' ? { description } : {}) });
}

const named = (examples: Readonly<Record<string, unknown>>) => Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { summary: name, value }]));

const WHO = { public: 'No token needed.', 'any-role': 'Any role.', 'auditor-or-administrator': 'Role: auditor or administrator.', orderer: 'Role: orderer.', approver: 'Role: approver.', administrator: 'Role: administrator.', auditor: 'Role: auditor.' } as const;
const described = (facts: EndpointFacts): string => (facts.description === undefined ? WHO[facts.access] : `${WHO[facts.access]} ${facts.description}`);
