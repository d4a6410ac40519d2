import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, problemOf } from '#platform/http/problem.js';
import type { ErrorCode } from '#kernel/error-code.js';

const REASON: Readonly<Record<string, { readonly code: ErrorCode; readonly detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'REQUEST_TIMEOUT', detail: 'the request did not arrive in time' },
  HPE_HEADER_OVERFLOW: { code: 'MALFORMED_REQUEST', detail: 'the headers are too long' },
};
const OTHER = { code: 'MALFORMED_REQUEST', detail: 'the request is not HTTP/1.1' } as const;
const STATUS_TEXT: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout' };

/** Answers what never became a request, and closes. What can no longer be written to, or was answered in part, is only closed. */
export function answerConnectionError(error: Error & { code?: string }, socket: Socket, refused: (code: ErrorCode) => void): void {
  const isAnswering = (socket as Socket & { _httpMessage?: { headersSent?: boolean } | null })._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) return void socket.destroy();
  const { code, detail } = REASON[error.code ?? ''] ?? OTHER;
  refused(code);
  const { status } = PROBLEMS[code];
  const id = randomUUID();
  const body = JSON.stringify(problemOf(code, detail, id));
  const head = [`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ''}`, `Content-Type: ${PROBLEM_MEDIA_TYPE}`, `Content-Length: ${Buffer.byteLength(body)}`, `X-Request-Id: ${id}`, 'Connection: close'];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
