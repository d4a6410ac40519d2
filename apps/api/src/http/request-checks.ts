import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify';
import { DomainError, invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { ROLES } from '#identity/contract.js';
import type { Principal, Role } from '#identity/contract.js';
import type { Access, EndpointFacts } from '#platform/http/endpoint/endpoint-facts.js';
import { isMutating } from '#platform/http/endpoint/endpoint-facts.js';
import { ENDPOINT } from '#platform/http/endpoint/endpoint.decorator.js';
import type { Authenticator } from '#platform/http/ports/authenticator.port.js';
import { membersOf } from '#platform/http/schema/json-schema.js';
import { shapeFaults } from '#platform/http/shape.js';
import '#platform/http/request-facts.js';
import type { RateLimiter } from './rate-limiter.js';

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,200}$/;

/** Pages and assets that have no facts of their own: the documentation, and what is mounted. */
export type IsPublicPage = (path: string) => boolean;

/**
 * Puts the checks of an endpoint before its handler, in the order of the contract: token, role, then, with the body read only now, shape.
 * They are hooks of the route and not guards and pipes of Nest's, since a guard runs when the body was read already, and since each request pays for what is in its way.
 * A route that declares nothing stops the start: nothing is reachable by oversight.
 */
export function installRequestChecks(server: FastifyInstance, isPublicPage: IsPublicPage, findAuthenticator: () => Authenticator | undefined, limiter: RateLimiter | undefined): void {
  server.decorateRequest('principal', null);
  server.decorateRequest('idempotencyKey', null);
  server.addHook('onRoute', (route: RouteOptions) => {
    const facts = (route.config as Record<string, unknown> | undefined)?.[ENDPOINT] as EndpointFacts | undefined;
    if (facts === undefined) {
      if (isPublicPage(route.url)) return;
      throw new Error(`the route ${String(route.method)} ${route.url} declares no endpoint`);
    }
    if (facts.access !== 'public') {
      const authenticator = findAuthenticator();
      if (authenticator === undefined) throw new Error(`the route ${String(route.method)} ${route.url} needs a token, and no Authenticator is provided`);
      route.onRequest = authentication(facts.access, authenticator, limiter);
    }
    route.preHandler = shape(facts);
  });
}

const ACCESS: Readonly<Record<Exclude<Access, 'public'>, readonly Role[]>> = {
  'any-role': ROLES, 'auditor-or-administrator': ['auditor', 'administrator'], orderer: ['orderer'], approver: ['approver'], administrator: ['administrator'], auditor: ['auditor'],
};

function authentication(access: Exclude<Access, 'public'>, authenticator: Authenticator, limiter: RateLimiter | undefined) {
  const check = (request: FastifyRequest, principal: Principal): void => {
    request.principal = principal;
    const wait = limiter?.take(principal) ?? 0;
    if (wait > 0) throw new DomainError('RATE_LIMITED', 'too many requests of this caller', { retryAfterSeconds: wait });
    if (ACCESS[access].some((role) => principal.roles.includes(role))) return;
    throw new DomainError('ROLE_REQUIRED', access === 'any-role' ? 'the token carries none of the roles that are known here' : `this needs the role ${ACCESS[access].join(' or ')}`);
  };
  return (request: FastifyRequest, _: FastifyReply, done: HookHandlerDoneFunction): void => {
    authenticator.verify(request.headers.authorization).then((principal) => check(request, principal)).then(() => done(), done);
  };
}

function shape(facts: EndpointFacts) {
  const { body, query } = facts;
  const strict = facts.access !== 'public';
  const mutating = isMutating(facts);
  return (request: FastifyRequest, _: FastifyReply, done: HookHandlerDoneFunction): void => {
    const faults: InputFault[] = [];
    if (mutating) faults.push(...idempotencyFaults(request));
    if (strict) faults.push(...queryFaults(query, request.query as Readonly<Record<string, unknown>>));
    if (body) faults.push(...body.faults(request.body));
    else if (mutating && request.body !== undefined) faults.push(...shapeFaults(NoBody, request.body));
    if (faults.length === 0) done();
    else done(invalid(...faults));
  };
}

/** The body of calls that take none: absent, or an empty object. */
class NoBody {}

function idempotencyFaults(request: FastifyRequest): readonly InputFault[] {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return [];
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) return [{ path: 'Idempotency-Key', message: 'must have 1 to 200 printable characters' }];
  request.idempotencyKey = key;
  return [];
}

/** Parameters are named as they are, not as pointers. */
function queryFaults(target: (new () => object) | undefined, query: Readonly<Record<string, unknown>>): readonly InputFault[] {
  const names = Object.keys(query);
  if (names.length === 0) return [];
  const members = target === undefined ? undefined : membersOf(target);
  const faults: InputFault[] = [];
  for (const name of names) {
    if (members?.has(name) !== true) faults.push({ path: name, message: 'is not known' });
    else if (typeof query[name] !== 'string') faults.push({ path: name, message: 'must be given once' });
  }
  if (faults.length > 0 || target === undefined) return faults.slice(0, 100);
  return shapeFaults(target, { ...query }).map((f) => ({ path: f.path.slice(1), message: f.message }));
}
