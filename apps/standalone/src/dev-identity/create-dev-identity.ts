import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrustedIssuer } from '#identity/contract.js';
import type { Profile } from '#platform/config/config.js';
import type { Log } from '#platform/logging/log.js';
import { loadOrMakeDevKeys } from './dev-keys.js';
import { DEV_USERS, devUser, type DevUser } from './dev-users.js';
import { serveInteraction } from './interactions.js';
import { AUDIENCE, CONSOLE_CLIENT, providerConfiguration, RESOURCE, RESOURCE_SERVER } from './provider-configuration.js';

/** Where the handler is mounted, below `publicUrl`. */
export const DEV_IDENTITY_PATH = '/dev/oidc';

export interface DevIdentityOptions {
  readonly profile: Profile;
  /** Where callers reach this process, without a slash at the end: http.publicUrl of the configuration. */
  readonly publicUrl: string;
  readonly dataDir: string;
  readonly log?: Pick<Log, 'warn'>;
}

export interface DevIdentity {
  /** Serves everything below `/dev/oidc`. The request's body must not have been read before. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** For TokenVerifier, beside the configured issuers. */
  readonly issuerConfig: TrustedIssuer;
  /** An access token as the login gives it, good for an hour; null for a user that is not there. */
  readonly mintToken: (user: string) => Promise<string | null>;
  readonly users: readonly DevUser[];
}

/**
 * The certified oidc-provider with a few fixed users and no passwords. The package is loaded here and nowhere else, so no other profile runs it.
 * @throws Error outside the development profile
 */
export async function createDevIdentity({ profile, publicUrl, dataDir, log }: DevIdentityOptions): Promise<DevIdentity> {
  if (profile !== 'development' || process.env['NODE_ENV'] === 'production') throw new Error('the development identity provider exists in the development profile only');
  const issuer = `${publicUrl}${DEV_IDENTITY_PATH}`;
  const { host, protocol, pathname } = new URL(issuer);
  const { Provider, errors } = await import('oidc-provider');
  const keys = await loadOrMakeDevKeys(dataDir);
  const provider = new Provider(issuer, providerConfiguration({ publicUrl, mountPath: pathname, keys, unknownResource: () => new errors.InvalidTarget() }));
  // What is asked for in another name of this host is answered for the public URL, or issuer and endpoints would disagree.
  provider.proxy = true;
  provider.on('server_error', (_ctx, error) => log?.warn({ error }, 'development identity provider failed'));
  // Without a listener Koa prints to the console. Its types know the provider's own events only.
  const koa: EventEmitter = provider;
  koa.on('error', (error: unknown) => log?.warn({ error }, 'development identity provider failed'));
  const serve = provider.callback();

  const handler = (req: IncomingMessage & { originalUrl?: string }, res: ServerResponse): void => {
    const below = (req.url ?? '').slice(DEV_IDENTITY_PATH.length);
    if (!(req.url ?? '').startsWith(`${DEV_IDENTITY_PATH}/`)) {
      res.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"type":"about:blank","title":"Not Found","status":404,"code":"NOT_FOUND"}');
      return;
    }
    req.headers.host = host;
    req.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete req.headers['x-forwarded-host'];
    // as frameworks do on mounting: the provider finds its prefix by comparing the two
    req.originalUrl = `${pathname}${below}`;
    req.url = below;
    const done = below.startsWith('/interaction/') ? serveInteraction(provider, req, res) : serve(req, res);
    done.catch((error: unknown) => {
      log?.warn({ error }, 'development identity provider failed');
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    });
  };

  const mintToken = async (id: string): Promise<string | null> => {
    const user = devUser(id);
    const client = await provider.Client.find(CONSOLE_CLIENT);
    if (user === undefined || client === undefined) return null;
    const resourceServer = new provider.ResourceServer(RESOURCE, RESOURCE_SERVER);
    // As the token endpoint does. Being a JWT it is not stored, so the grant it names need not be there.
    return new provider.AccessToken({ client, accountId: user.id, resourceServer, scope: 'openid profile', grantId: 'dev-token', gty: 'dev-token' }).save();
  };

  const issuerConfig: TrustedIssuer = {
    issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks`, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name', displayClaims: [], rules: [],
  };
  return { handler, issuerConfig, mintToken, users: DEV_USERS };
}
