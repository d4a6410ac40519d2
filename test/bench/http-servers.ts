import { Body, Controller, HttpCode, Injectable, Module, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startFakeApi, tokenOf } from '#apps/api/src/http/testing/fake-api.js';

// Run as a process of its own by http-adapters.ts: which server, by name, is its argument. Tells its port, then on demand the CPU time it has used.
export const TOKEN = tokenOf('orderer-1', 'orderer');

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): Promise<boolean> {
    const { authorization } = context.switchToHttp().getRequest<{ readonly headers: { readonly authorization?: string } }>().headers;
    return authorization === TOKEN ? Promise.resolve(true) : Promise.reject(new UnauthorizedException());
  }
}

@Controller()
@UseGuards(TokenGuard)
class NoOpController {
  @Post('/v1/operations/:operationId/sign-orders')
  @HttpCode(201)
  place(@Body() body: unknown): unknown {
    return { received: typeof body };
  }
}

@Module({ controllers: [NoOpController], providers: [TokenGuard] })
class NoOpModule {}

async function noOp(adapter: AbstractHttpAdapter): Promise<number> {
  const app = await NestFactory.create(NoOpModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return Number(new URL(await app.getUrl()).port);
}

const SERVERS: Readonly<Record<string, () => Promise<number>>> = {
  express: () => noOp(new ExpressAdapter()),
  fastify: () => noOp(new FastifyAdapter()),
  countersign: async () => {
    const api = await startFakeApi();
    // Nothing is kept: what is measured is the way to the handler and back.
    setInterval(() => {
      api.application.reset();
      api.lines.length = 0;
      api.observed.length = 0;
    }, 50).unref();
    return Number(new URL(api.url).port);
  },
};

const start = SERVERS[process.argv[2] ?? ''];
if (start !== undefined && process.send !== undefined) {
  process.send({ port: await start() });
  process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit(0));
}
