import { randomUUID } from 'node:crypto';
import type { CheckedClient } from '#test/openapi/checked-client.js';
import type { Secrets } from './secrets.js';

export type Body = Readonly<Record<string, unknown>>;
export type Headers = Readonly<Record<string, string>>;
export interface Answer<T = Body> {
  readonly status: number;
  readonly headers: globalThis.Headers;
  /** The parsed JSON, taken for what the caller says it is. */
  readonly body: T;
  /** `code` of a problem. */
  readonly code: string | undefined;
}

/**
 * One caller. Requests and answers are held against /openapi.json. A mutating call carries a random Idempotency-Key unless its headers say otherwise.
 */
export class Client {
  constructor(
    readonly subject: string,
    readonly token: string,
    private readonly checked: () => Promise<CheckedClient>,
    private readonly secrets: Secrets,
  ) {
    secrets.add('token', token);
  }

  get = <T = Body>(path: string, headers: Headers = {}): Promise<Answer<T>> => this.call<T>('GET', path, undefined, headers);
  post = <T = Body>(path: string, body: unknown = {}, headers: Headers = {}): Promise<Answer<T>> => this.call<T>('POST', path, body, { 'idempotency-key': randomUUID(), ...headers });
  put = <T = Body>(path: string, body: unknown, headers: Headers = {}): Promise<Answer<T>> => this.call<T>('PUT', path, body, { 'idempotency-key': randomUUID(), ...headers });
  delete = <T = Body>(path: string, headers: Headers = {}): Promise<Answer<T>> => this.call<T>('DELETE', path, undefined, { 'idempotency-key': randomUUID(), ...headers });

  private async call<T>(method: string, path: string, body: unknown, headers: Headers): Promise<Answer<T>> {
    this.secrets.addBody(body);
    const client = await this.checked();
    const answer = await client.call(method, path, { token: `Bearer ${this.token}`, headers, ...(body === undefined ? {} : { body }) });
    const { code } = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as { readonly code?: unknown };
    return { status: answer.status, headers: answer.headers, body: answer.body as T, code: typeof code === 'string' ? code : undefined };
  }
}
