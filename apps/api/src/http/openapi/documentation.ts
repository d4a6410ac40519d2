import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiDocument } from './api-document.js';
import { buildDocument } from './build-document.js';

const PAGE = '/docs';
export const isDocumentation = (path: string): boolean => path === PAGE || path.startsWith(`${PAGE}/`);

// Everything that the page loads, from the installed package: it works offline, and a request names none but these files.
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};
const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Countersign API</title>
<link rel="icon" type="image/png" href="${PAGE}/favicon-32x32.png">
<link rel="stylesheet" href="${PAGE}/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="${PAGE}/swagger-ui-bundle.js"></script>
<script src="${PAGE}/start.js"></script>
</body>
</html>
`;
const START = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, tryItOutEnabled: true, persistAuthorization: false, validatorUrl: null });\n`;
// Swagger UI draws its icons from data: URIs and sets styles on elements.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * Makes the document, and serves Swagger UI over it, where the app has DocumentationModule.
 * The page is our own and not SwaggerModule.setup's: that one has inline scripts, which the policy forbids.
 */
export function installDocumentation(app: NestFastifyApplication): void {
  const document = documentOf(app);
  if (!document) return;
  document.from(() => buildDocument(app));
  const server = app.getHttpAdapter().getInstance();
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  server.get(PAGE, (_, reply) => reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(HTML));
  server.get(`${PAGE}/`, (_, reply) => reply.redirect(PAGE, 308));
  server.get(`${PAGE}/start.js`, (_, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const [file, type] of Object.entries(ASSETS)) server.get(`${PAGE}/${file}`, (_, reply) => reply.type(type).header('cache-control', 'public, max-age=3600').send(createReadStream(join(folder, file))));
}

function documentOf(app: NestFastifyApplication): ApiDocument | undefined {
  try {
    return app.get(ApiDocument, { strict: false });
  } catch {
    return undefined;
  }
}
