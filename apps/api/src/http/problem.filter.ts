import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '#kernel/error-code.js';
import type { Log } from '#platform/logging/log.js';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, problemOf } from '#platform/http/problem.js';
import { HTTP_LIMITS } from './http-options.js';
import type { Refusal } from './refusal-of.js';
import { refusalOf } from './refusal-of.js';

const INTERNAL: Refusal = { code: 'INTERNAL', detail: 'the request id tells where to look in the log' };
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** Who hears of an error that is answered: the log, and the count of refusals by code. */
export interface ProblemObserver {
  readonly log: Log;
  readonly refused: (code: ErrorCode) => void;
}

/** Every error leaves the service here, as a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly observer: ProblemObserver) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.observer);
  }
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, { log, refused }: ProblemObserver): void {
  const refusal = refusalOf(error) ?? INTERNAL;
  if (refusal === INTERNAL) log.error({ requestId: request.id, error }, 'a request ended in an unforeseen error');
  else if (PROBLEMS[refusal.code].status >= 500) log.warn({ requestId: request.id, code: refusal.code, error }, 'a request could not be served');
  // An answer that was under way already carries no code.
  if (reply.sent) return;
  refused(refusal.code);
  const { status } = PROBLEMS[refusal.code];
  reply.code(status).header('content-type', PROBLEM_MEDIA_TYPE);
  if (status === 401) reply.header('www-authenticate', `Bearer realm="countersign"${request.headers.authorization === undefined ? '' : ', error="invalid_token"'}`);
  if (status === 429 || status === 503) reply.header('retry-after', String(refusal.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS));
  else if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds));
  if (hasLongUnreadBody(request)) reply.header('connection', 'close');
  void reply.send(JSON.stringify(problemOf(refusal.code, refusal.detail, request.id, refusal.faults)));
}

/** Node reads to its end what a handler left, to keep the connection: not when that is a lot, or nobody knows how much. */
const hasLongUnreadBody = (request: FastifyRequest): boolean =>
  !request.raw.complete && (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > HTTP_LIMITS.drainBytes);
