import type { Principal } from '#identity/contract.js';

// What the checks before a handler leave on the request.
declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the token was verified. */
    principal: Principal | null;
    /** `Idempotency-Key`, checked; null without one. */
    idempotencyKey: string | null;
  }
}

/** The part of a request that a parameter decorator reads. */
export interface CheckedRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly principal: Principal | null;
  readonly idempotencyKey: string | null;
}
