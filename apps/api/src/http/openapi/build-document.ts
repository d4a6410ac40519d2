import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { problemResponse } from '#platform/http/endpoint/problem-responses.js';
import { componentSchema } from '#platform/http/schema/json-schema.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { DESCRIPTION } from './description.js';

const PREFIX = '#/components/schemas/';

/** The OpenAPI 3.1 document of every endpoint that the app's modules have. */
export function buildDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Countersign')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of a trusted issuer' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  // What is no endpoint's own: wrong paths, wrong methods, requests that are none.
  const responses = {
    NotFound: problemResponse(404, ['NOT_FOUND']),
    MethodNotAllowed: problemResponse(405, ['METHOD_NOT_ALLOWED']),
    MalformedRequest: problemResponse(400, ['MALFORMED_REQUEST']),
    RequestTimeout: problemResponse(408, ['REQUEST_TIMEOUT']),
  };
  const schemas = referredTo({ paths: document.paths, responses });
  return { ...document, components: { ...document.components, responses, schemas } };
}

/** The component schemas that a part of a document refers to, and those that these refer to. */
function referredTo(part: unknown): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {};
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (key !== '$ref' || typeof member !== 'string' || !member.startsWith(PREFIX)) {
        visit(member);
        continue;
      }
      const name = member.slice(PREFIX.length);
      if (schemas[name] !== undefined) continue;
      schemas[name] = componentSchema(name);
      visit(schemas[name]);
    }
  };
  visit(part);
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}
