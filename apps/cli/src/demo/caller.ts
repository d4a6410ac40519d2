import { randomUUID } from 'node:crypto';

const CALL_TIMEOUT_MS = 15_000;

export interface Answer<T> {
  readonly status: number;
  /** What a success holds. Of a problem only `code` is there. */
  readonly body: T & { readonly code?: string };
}

/** One person at the keyboard: calls with a token of his. */
export class Caller {
  private constructor(private readonly base: string, readonly user: string, private readonly token: string) {}

  /** Signs in with the development profile's identity provider. @throws Error when it gives no token */
  static async signIn(base: string, user: string): Promise<Caller> {
    const answer = await send<{ readonly accessToken?: string }>(`${base}/dev/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user }) });
    if (answer.body.accessToken === undefined) throw new Error(`no token for ${user}: POST /dev/token answered ${answer.status}; is this a development instance?`);
    return new Caller(base, user, answer.body.accessToken);
  }

  get<T>(path: string): Promise<Answer<T>> {
    return send(this.base + path, { headers: { authorization: `Bearer ${this.token}` } });
  }

  post<T>(path: string, body: object): Promise<Answer<T>> {
    return this.change('POST', path, body);
  }

  put<T>(path: string, body: object): Promise<Answer<T>> {
    return this.change('PUT', path, body);
  }

  private change<T>(method: string, path: string, body: object): Promise<Answer<T>> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    return send(this.base + path, { method, headers, body: JSON.stringify(body) });
  }
}

async function send<T>(url: string, request: RequestInit): Promise<Answer<T>> {
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  return { status: answer.status, body: (await answer.json()) as Answer<T>['body'] };
}
