import type { Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import type { DevKeys } from './dev-keys.js';
import { devUser } from './dev-users.js';
import { memoryAdapter } from './memory-adapter.js';
import { logoutPage, messagePage, PAGE_HEADERS } from './pages.js';

export const CONSOLE_CLIENT = 'countersign-console';
export const AUDIENCE = 'countersign';
/** What clients may name as `resource` (RFC 8707), and get if they name none. Its tokens have the audience `countersign`. */
export const RESOURCE = 'urn:countersign:api';
const TOKEN_SECONDS = 3_600;
const SESSION_SECONDS = 12 * 3_600;

export const RESOURCE_SERVER: ResourceServer = {
  audience: AUDIENCE,
  scope: 'openid profile',
  accessTokenTTL: TOKEN_SECONDS,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'ES256' } },
};

const showPage = (ctx: KoaContextWithOIDC, html: string): void => {
  ctx.set(PAGE_HEADERS);
  ctx.body = html;
};

/** The claims that tokens carry beside the standard ones. */
export function claimsOf(accountId: string): { readonly name: string; readonly roles: string[]; readonly groups: string[] } | undefined {
  const user = devUser(accountId);
  return user === undefined ? undefined : { name: user.name, roles: [...user.roles], groups: [...user.groups] };
}

export interface ProviderSurroundings {
  readonly publicUrl: string;
  /** The path of the issuer. */
  readonly mountPath: string;
  readonly keys: DevKeys;
  /** The provider's error for a `resource` that is not ours. */
  readonly unknownResource: () => Error;
}

/** Every option whose default would print advice is set here, so that standard output has nothing but the log. */
export function providerConfiguration({ publicUrl, mountPath, keys, unknownResource }: ProviderSurroundings): Configuration {
  return {
    adapter: memoryAdapter(),
    jwks: { keys: keys.jwks.keys.map((key) => ({ ...key })) },
    cookies: { keys: [...keys.cookieKeys] },
    clients: [
      {
        client_id: CONSOLE_CLIENT,
        client_name: 'Countersign console',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: [`${publicUrl}/console/callback`],
        post_logout_redirect_uris: [`${publicUrl}/console/`],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    responseTypes: ['code'],
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub'], profile: ['name', 'roles', 'groups'] },
    // the ID token tells who signed in, so that the console needs no further call
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    findAccount: (_ctx, accountId) => {
      const claims = claimsOf(accountId);
      return claims === undefined ? undefined : { accountId, claims: () => ({ sub: accountId, ...claims }) };
    },
    extraTokenClaims: (_ctx, token) => ('accountId' in token ? claimsOf(token.accountId) : undefined),
    // Only our own client is there, so nobody is asked for consent.
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile');
      grant.addResourceScope(RESOURCE, 'openid profile');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== RESOURCE) throw unknownResource();
          return RESOURCE_SERVER;
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => showPage(ctx, logoutPage(form)),
        postLogoutSuccessSource: (ctx) => showPage(ctx, messagePage('Signed out', 'You can close this page.')),
      },
    },
    interactions: { url: (_ctx, interaction) => `${mountPath}/interaction/${interaction.uid}` },
    renderError: (ctx, out) => showPage(ctx, messagePage('This did not work', [out.error, out.error_description].filter((text) => text !== undefined).join(': '))),
    ttl: { AccessToken: TOKEN_SECONDS, AuthorizationCode: 60, IdToken: TOKEN_SECONDS, Interaction: 600, Session: SESSION_SECONDS, Grant: SESSION_SECONDS },
  };
}
