import { Controller, Res } from '@nestjs/common';
import type { Answer } from '#platform/http/answer-headers.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { ApiDocument } from './api-document.js';

@Controller()
export class ApiDocumentController {
  constructor(private readonly document: ApiDocument) {}

  @Endpoint({
    id: 'describe', method: 'GET', path: '/openapi.json', tag: 'Around it', summary: 'This document', access: 'public',
    answers: [{ status: 200, description: 'OpenAPI 3.1', schema: { type: 'object', required: ['openapi', 'info', 'paths'], additionalProperties: true }, examples: { document: { openapi: '3.1.0', info: { title: 'Countersign', version: '1' }, paths: {} } } }],
  })
  show(@Res({ passthrough: true }) answer: Answer): string {
    answer.header('content-type', 'application/json; charset=utf-8');
    return this.document.json();
  }
}
