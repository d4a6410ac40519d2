import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DevTokenController } from '#apps/api/src/http/dev-token/dev-token.controller.js';
import type { HttpAppOptions, RawHandler } from '#apps/api/src/http/http-options.js';
import type { TrustedIssuer } from '#identity/contract.js';
import type { Config } from '#platform/config/config.js';
import { TOKEN_MINT } from '#platform/http/ports/token-mint.port.js';
import type { TokenMint } from '#platform/http/ports/token-mint.port.js';
import type { Log } from '#platform/logging/log.js';
import { createDevIdentity, DEV_IDENTITY_PATH } from './dev-identity/create-dev-identity.js';
import { registerSampleKeys } from './sample-keys.js';

export interface DevelopmentParts {
  readonly issuer: TrustedIssuer;
  readonly module: DynamicModule;
  readonly mounts: NonNullable<HttpAppOptions['mounts']>;
  /** Makes the sample keys, once the api answers. */
  ready(app: NestFastifyApplication): Promise<void>;
}

@Module({})
class DevelopmentModule {}

/** What the development profile adds: an identity provider with fixed users, tokens without a login, sample keys. Undefined in every other profile. */
export async function developmentParts({ profile, http, dataDir }: Config, log: Log): Promise<DevelopmentParts | undefined> {
  if (profile !== 'development') return undefined;
  const identity = await createDevIdentity({ profile, publicUrl: http.publicUrl, dataDir, log });
  const mint: TokenMint = { mintToken: async (user) => (await identity.mintToken(user)) ?? undefined };
  // The provider finds its own prefix in the path and wants it whole.
  const handler: RawHandler = (request, response) => {
    if (request.originalUrl !== undefined) request.url = request.originalUrl;
    identity.handler(request, response);
  };
  return {
    issuer: identity.issuerConfig,
    module: { module: DevelopmentModule, controllers: [DevTokenController], providers: [{ provide: TOKEN_MINT, useValue: mint }] },
    mounts: [{ path: DEV_IDENTITY_PATH, handler }],
    ready: (app) => registerSampleKeys(app.get(CommandBus, { strict: false }), log),
  };
}
