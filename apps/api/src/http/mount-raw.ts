import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawHandler } from './http-options.js';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Serves `path` and everything below it by a handler of Node's, which reads bodies and answers by itself, without token.
 * @param path such as `/dev/oidc`, without a slash at its end; to be called before the app listens
 */
export function mountRaw(app: NestFastifyApplication, path: string, handler: RawHandler): void {
  const root: FastifyInstance = app.getHttpAdapter().getInstance();
  // A scope of its own: here bodies are left to the handler.
  void root.register((scope: FastifyInstance, _: unknown, done: () => void) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    const serve = (request: FastifyRequest, reply: FastifyReply): void => {
      reply.hijack();
      const raw: Parameters<RawHandler>[0] = request.raw;
      raw.originalUrl = raw.url ?? path;
      raw.url = raw.originalUrl.slice(path.length).replace(/^(?!\/)/, '/');
      reply.raw.setHeader('x-request-id', request.id);
      handler(raw, reply.raw);
    };
    for (const url of [path, `${path}/*`]) scope.route({ method: METHODS, url, handler: serve });
    done();
  });
}
