import { readFileSync } from 'node:fs';
import { isLoopback } from '#platform/config/network-address.js';
import { visible } from '../approvals/visible-text.js';
import { UsageError } from './subcommand.js';

const CALL_TIMEOUT_MS = 15_000;

/** A service, and as whom it is called. */
export interface Caller {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
}
export interface Answer {
  readonly status: number;
  /** JSON, `{}` where there is none. Of no shape that could be counted on. */
  readonly body: unknown;
}

export function tokenOf({ token, file }: { readonly token: string | undefined; readonly file: string | undefined }): string {
  if ((token === undefined) === (file === undefined)) throw new UsageError('one of --token and --token-file is needed');
  const text = (token ?? readFileSync(file === '-' ? 0 : (file ?? ''), 'utf8')).trim();
  if (!/^[\x21-\x7e]+$/.test(text)) throw new UsageError('the token is empty, or is none');
  return text;
}

/** A token is sent by TLS, or stays on this machine. @returns it without slashes at its end */
export function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') throw new UsageError('--url must be a http or https URL without credentials, query and fragment');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new UsageError('--url must be https, except for a loopback address');
  return text.replace(/\/+$/, '');
}

/** One call, not redirected, answered within 15 s. @throws Error of one line when there is no answer */
export async function call({ url, token, signal }: Caller, method: 'GET' | 'POST', path: string, body?: { readonly content: object; readonly idempotencyKey: string }): Promise<Answer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body.content) };
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': body.idempotencyKey }) },
    ...sent,
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    throw new Error(`${url} does not answer: ${reasonOf(error)}`);
  });
  return { status: answer.status, body: await answer.json().catch(() => ({})) };
}

/** What a service said in place of what was asked for, in one line. */
export function refusalOf({ status, body }: Answer): string {
  const { code, title, detail } = (typeof body === 'object' && body !== null ? body : {}) as { readonly code?: unknown; readonly title?: unknown; readonly detail?: unknown };
  const why = typeof detail === 'string' ? detail : title;
  return visible(`refused with ${status}${typeof code === 'string' ? ` ${code}` : ''}${typeof why === 'string' ? `: ${why}` : ''}`);
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error && error.cause.message !== '' ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
