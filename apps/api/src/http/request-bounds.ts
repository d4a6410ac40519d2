import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '#kernel/domain-error.js';
import { PROBES } from './access-log.js';

export interface RequestLimits {
  /** Requests that are being answered, at one time. */
  readonly requests: number;
  /** Probes among them, which are counted by themselves: they are answered however much else there is. */
  readonly probes: number;
  /** Bytes of their bodies, together. */
  readonly bodiesBytes: number;
}

interface Held {
  readonly kind: 'requests' | 'probes';
  bodyBytes: number;
  /** The handler has answered. */
  answered: boolean;
  /** The answer has left, or nobody is there for it any more. */
  closed: boolean;
}

const tooMuch = (): DomainError => new DomainError('RATE_LIMITED', 'too many requests are being answered', { retryAfterSeconds: 1 });

/**
 * How much is under way at one time. Beyond it 429: what waits inside costs memory, and what would wait too long is better sent again.
 * A caller that goes away ends nothing: its request counts until its handler is through.
 */
export class RequestBounds {
  private readonly held = new WeakMap<FastifyRequest, Held>();
  private readonly underWay = { requests: 0, probes: 0 };
  private bodiesBytes = 0;

  constructor(private readonly limits: RequestLimits) {}

  install(server: FastifyInstance): void {
    server.addHook('onRequest', (request, reply, done) => {
      const kind = PROBES.has(request.routeOptions.url ?? '') ? 'probes' : 'requests';
      if (this.underWay[kind] >= this.limits[kind]) return done(tooMuch());
      const held: Held = { kind, bodyBytes: 0, answered: false, closed: false };
      this.held.set(request, held);
      this.underWay[kind] += 1;
      reply.raw.once('close', () => {
        held.closed = true;
        // Who has taken the answer over from the framework is through when it is closed.
        if (reply.sent) held.answered = true;
        this.release(request);
      });
      done();
    });
    server.addHook('onSend', (request, _, payload, done) => {
      const held = this.held.get(request);
      if (held !== undefined) held.answered = true;
      this.release(request);
      done(null, payload);
    });
  }

  /** To be asked before bytes of a body are kept. @returns why they can't be */
  keep(request: FastifyRequest, bytes: number): DomainError | undefined {
    const held = this.held.get(request);
    if (held === undefined) return undefined;
    if (this.bodiesBytes + bytes > this.limits.bodiesBytes) return tooMuch();
    held.bodyBytes += bytes;
    this.bodiesBytes += bytes;
    return undefined;
  }

  private release(request: FastifyRequest): void {
    const held = this.held.get(request);
    if (held?.answered !== true || !held.closed) return;
    this.held.delete(request);
    this.underWay[held.kind] -= 1;
    this.bodiesBytes -= held.bodyBytes;
  }
}
