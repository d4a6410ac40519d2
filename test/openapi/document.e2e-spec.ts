import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FakeApi } from '#apps/api/src/http/testing/fake-api.js';
import { startFakeApi } from '#apps/api/src/http/testing/fake-api.js';
import { DevTokenController } from '#apps/api/src/http/dev-token/dev-token.controller.js';
import { TOKEN_MINT } from '#platform/http/ports/token-mint.port.js';
import { closed } from './closed-schemas.js';

type Json = Readonly<Record<string, unknown>>;
const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const METHODS = ['get', 'post', 'put', 'delete'];

let api: FakeApi;
let document: Json;
let operations: { readonly name: string; readonly pointer: string; readonly method: string; readonly operation: Json }[];

beforeAll(async () => {
  api = await startFakeApi({}, { controllers: [DevTokenController], providers: [{ provide: TOKEN_MINT, useValue: { mintToken: () => Promise.resolve('token') } }] });
  document = record(await (await fetch(`${api.url}/openapi.json`)).json());
  operations = Object.entries(record(document['paths'])).flatMap(([path, item]) => METHODS.filter((method) => record(item)[method] !== undefined)
    .map((method) => ({ name: `${method} ${path}`, pointer: `/paths/${path.replaceAll('/', '~1')}/${method}`, method, operation: record(record(item)[method]) })));
});
afterAll(() => api.close());

function* nodes(value: unknown, path = ''): Generator<readonly [string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  yield [path, record(value)];
  for (const [key, member] of Object.entries(value)) yield* nodes(member, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
const at = (pointer: string): unknown => pointer.split('/').slice(1).reduce<unknown>((node, step) => record(node)[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);

it('is OpenAPI 3.1 with a title, a licence and every call of the contract', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Countersign', license: { name: 'Apache-2.0' } } });
  expect(operations.map((o) => o.name).sort()).toEqual([
    'delete /v1/operations/{operationId}/decisions/mine', 'get /healthz', 'get /metrics', 'get /openapi.json', 'get /readyz', 'get /v1/approvals/queue', 'get /v1/audit/events', 'get /v1/keys', 'get /v1/keys/{keyId}',
    'get /v1/operations', 'get /v1/operations/{operationId}', 'get /v1/operations/{operationId}/events', 'get /v1/operations/{operationId}/sign-orders', 'get /v1/operations/{operationId}/sign-orders/{signOrderId}',
    'post /dev/token', 'post /v1/clock/confirmation', 'post /v1/keys', 'post /v1/keys/{keyId}/disable', 'post /v1/keys/{keyId}/enable', 'post /v1/ledger/acceptances', 'post /v1/policies/analyse', 'post /v1/operations', 'post /v1/operations/{operationId}/decisions',
    'post /v1/operations/{operationId}/revocation', 'post /v1/operations/{operationId}/sign-orders', 'post /v1/operations/{operationId}/sign-orders/{signOrderId}/resolution', 'put /v1/keys/{keyId}/approval-policy',
    'delete /v1/deputies/{deputyId}', 'get /v1/administration-sessions', 'get /v1/assurance-levels', 'get /v1/control-plane', 'get /v1/credentials', 'get /v1/deputies', 'get /v1/issuers', 'get /v1/people/{personId}',
    'get /v1/policies', 'get /v1/policies/{name}', 'get /v1/policies/{name}/versions/{version}', 'get /v1/roster/{group}', 'get /v1/separation', 'post /v1/administration-sessions', 'post /v1/administration-sessions/{sessionId}/close',
    'post /v1/credentials', 'post /v1/credentials/webauthn/options', 'post /v1/credentials/{credentialId}/resume', 'post /v1/credentials/{credentialId}/revoke', 'post /v1/credentials/{credentialId}/suspend', 'post /v1/deputies',
    'post /v1/policies', 'put /v1/assurance-levels/{level}', 'put /v1/issuers', 'put /v1/people/{personId}', 'put /v1/quorum', 'put /v1/roster/{group}', 'put /v1/separation',
    'get /v1/operations/{operationId}/approval', 'get /v1/reports/approver-pairs', 'get /v1/reviews', 'post /v1/operations/{operationId}/decision-challenges', 'post /v1/policies/simulate', 'post /v1/reviews/{reviewId}',
  ].sort());
});

it('resolves every reference, and leaves nothing of 3.0 behind', () => {
  for (const [path, node] of nodes(document)) {
    if (typeof node['$ref'] === 'string') expect({ path, found: at(node['$ref'].slice(1)) !== undefined }).toEqual({ path, found: true });
    if (!path.includes('/example')) expect({ path, nullable: node['nullable'] }).toEqual({ path, nullable: undefined });
  }
});

it('gives every operation an id of its own, a summary, a tag and an example of everything that it takes and answers', () => {
  const ids = operations.map((o) => o.operation['operationId']);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { name, operation } of operations) {
    expect({ name, ok: typeof operation['summary'] === 'string' && Array.isArray(operation['tags']) }).toEqual({ name, ok: true });
    for (const part of [operation['requestBody'], ...Object.values(record(operation['responses']))].filter((one) => one !== undefined))
      for (const media of Object.values(record(record(part)['content']))) {
        expect({ name, examples: Object.keys(record(record(media)['examples'])).length > 0, schema: record(media)['schema'] !== undefined }).toEqual({ name, examples: true, schema: true });
      }
  }
});

it('declares what every call can be answered with', () => {
  for (const { name, method, operation } of operations) {
    const statuses = Object.keys(record(operation['responses']));
    const secured = operation['security'] !== undefined;
    expect(secured).toBe(name.includes('/v1/'));
    expect({ name, statuses }).toEqual({ name, statuses: expect.arrayContaining(['500', ...(secured ? ['401', '403', '422', '429', '503'] : []), ...(method === 'get' ? [] : ['400', '413', '415', '422'])]) });
    for (const status of statuses.filter((one) => Number(one) >= 400 && !(name === 'get /readyz' && one === '503')))
      expect(Object.keys(record(record(record(operation['responses'])[status])['content']))).toEqual(['application/problem+json']);
  }
});

it('holds its examples against its schemas', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api:', ...closed(document) });
  let count = 0;
  for (const [path, node] of nodes(document)) {
    if (node['schema'] === undefined || path.includes('/examples/')) continue;
    const values = node['examples'] === undefined ? ('example' in node ? [node['example']] : []) : Object.values(record(node['examples'])).map((example) => record(example)['value']);
    const validate = ajv.compile({ $ref: `api:#${encodeURI(path)}/schema` });
    for (const value of values) {
      count++;
      expect({ path, faults: validate(value) ? [] : validate.errors }).toEqual({ path, faults: [] });
    }
  }
  expect(count).toBeGreaterThan(200);
});

it('closes the schemas of requests, and refuses what is beyond them', () => {
  for (const { operation } of operations) {
    const schema = record(record(record(record(operation['requestBody'])['content'])['application/json'])['schema']);
    if (Object.keys(schema).length === 0) continue;
    for (const one of (schema['oneOf'] as readonly Json[] | undefined) ?? [schema]) {
      const found = record(at(String(one['$ref']).slice(1)));
      for (const part of (found['oneOf'] as readonly Json[] | undefined) ?? [found]) expect(part['additionalProperties']).toBe(false);
    }
  }
});

it('has a page that loads nothing from elsewhere', async () => {
  const page = await fetch(`${api.url}/docs`);
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(html).not.toMatch(/(?:src|href)="https?:/);
  for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const answer = await fetch(new URL(asset, `${api.url}/docs`));
    expect({ asset, status: answer.status }).toEqual({ asset, status: 200 });
    await answer.arrayBuffer();
  }
});
