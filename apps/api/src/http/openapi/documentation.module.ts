import { Module } from '@nestjs/common';
import { ApiDocumentController } from './api-document.controller.js';
import { ApiDocument } from './api-document.js';

/** /openapi.json, and /docs, its page. */
@Module({ controllers: [ApiDocumentController], providers: [ApiDocument] })
export class DocumentationModule {}
