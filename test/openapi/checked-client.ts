import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { closed } from './closed-schemas.js';

type Json = Readonly<Record<string, unknown>>;
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});

export interface CheckedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
}
export interface Call {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text or bytes are sent as they are. */
  readonly body?: unknown;
  /** The body or query is wrong on purpose: only the answer is checked. */
  readonly wrong?: boolean;
}

/** Talks to an api and holds every request and every answer against its own /openapi.json. */
export class CheckedClient {
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  private constructor(private readonly base: string, readonly document: Json) {
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.ajv);
    this.ajv.addSchema({ $id: 'api:', ...closed(document) });
  }

  static async of(base: string): Promise<CheckedClient> {
    const answer = await fetch(`${base}/openapi.json`, { signal: AbortSignal.timeout(10_000) });
    return new CheckedClient(base, record(await answer.json()));
  }

  get = (path: string, call: Call = {}): Promise<CheckedAnswer> => this.call('GET', path, call);
  post = (path: string, call: Call = {}): Promise<CheckedAnswer> => this.call('POST', path, call);
  put = (path: string, call: Call = {}): Promise<CheckedAnswer> => this.call('PUT', path, call);
  delete = (path: string, call: Call = {}): Promise<CheckedAnswer> => this.call('DELETE', path, call);

  /** @throws Error when request or answer are not as the document says */
  async call(method: string, path: string, { token, headers = {}, body, wrong = false }: Call = {}): Promise<CheckedAnswer> {
    const route = this.routeOf(path.split('?', 1)[0] ?? '');
    const operation = route === undefined ? undefined : record(record(this.document['paths'])[route])[method.toLowerCase()];
    const pointer = `/paths/${escaped(route ?? '')}/${method.toLowerCase()}`;
    if (operation !== undefined && !wrong && body !== undefined) this.check(`${pointer}/requestBody/content/application~1json/schema`, body, `${method} ${path}: request`);
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(this.base + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token === undefined ? {} : { authorization: token }), ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    const mediaType = (answer.headers.get('content-type') ?? '').split(';', 1)[0]?.trim() ?? '';
    const value: unknown = mediaType.endsWith('json') ? JSON.parse(text) : text;
    const where = `${method} ${path}: answer ${answer.status}`;
    const responses = operation === undefined ? undefined : record(record(operation)['responses']);
    const shared = this.sharedResponse(answer.status, operation !== undefined, value);
    const responsePointer = responses?.[String(answer.status)] !== undefined && shared === undefined ? `${pointer}/responses/${answer.status}` : shared;
    if (responsePointer === undefined) throw new Error(`${where} is not declared: ${text.slice(0, 500)}`);
    const response = this.at(responsePointer);
    if (record(response['content'])[mediaType] === undefined) throw new Error(`${where} is ${mediaType}, which is not declared`);
    for (const [name, header] of Object.entries(record(response['headers']))) {
      const given = answer.headers.get(name);
      if (given === null && record(header)['required'] === true) throw new Error(`${where} lacks ${name}`);
      if (given !== null) this.check(`${responsePointer}/headers/${name}/schema`, given, `${where}, header ${name}`);
    }
    this.check(`${responsePointer}/content/${escaped(mediaType)}/schema`, value, where);
    return { status: answer.status, headers: answer.headers, body: value };
  }

  /** Answers that go with no call of its own: an unknown path, a method that a path does not take, a request that is none. */
  private sharedResponse(status: number, isKnown: boolean, value: unknown): string | undefined {
    const code = record(value)['code'];
    if (status === 404 && !isKnown) return '/components/responses/NotFound';
    if (status === 405 && !isKnown) return '/components/responses/MethodNotAllowed';
    if (status === 400 && code === 'MALFORMED_REQUEST') return '/components/responses/MalformedRequest';
    return undefined;
  }

  private routeOf(path: string): string | undefined {
    const fits = Object.keys(record(this.document['paths'])).filter((route) => new RegExp(`^${route.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path));
    // A path that is written out goes before one with a part that may be anything.
    return fits.sort((a, b) => a.split('{').length - b.split('{').length)[0];
  }
  private at(pointer: string): Json {
    return pointer.split('/').slice(1).reduce<Json>((node, step) => record(node[step.replaceAll('~1', '/').replaceAll('~0', '~')]), this.document);
  }
  private check(pointer: string, value: unknown, where: string): void {
    let validate = this.compiled.get(pointer);
    if (validate === undefined) this.compiled.set(pointer, (validate = this.ajv.compile({ $ref: `api:#${encodeURI(pointer)}` })));
    if (!validate(value)) throw new Error(`${where} is not as declared: ${this.ajv.errorsText(validate.errors, { separator: '; ' })}: ${JSON.stringify(value).slice(0, 1000)}`);
  }
}

const escaped = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');
