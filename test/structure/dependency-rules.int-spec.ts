import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

type Tree = Readonly<Record<string, string>>;

/** What the rules allow, one import of each kind: a rule that bites too much is found here. */
const ALLOWED: Tree = {
  'libs/kernel/src/clock.ts': `export const clock = 1;`,
  'libs/kernel/src/clock.spec.ts': `import 'fast-check'; import 'node:fs'; import './clock.js';`,
  'libs/eventing/src/page.ts': `import '#kernel/clock.js'; import 'node:crypto';`,
  'libs/keys/src/contract.ts': `export * from './domain/key/events.js';`,
  'libs/keys/src/domain/key/events.ts': `import '#kernel/clock.js'; export interface KeyEvent { readonly keyId: string }`,
  'libs/operations/src/contract.ts': `export * from './domain/operation/events.js';`,
  'libs/operations/src/domain/operation/events.ts': `import type { KeyEvent } from '#keys/contract.js'; export type OperationEvent = KeyEvent;`,
  'libs/operations/src/application/ask.ts': `import '#eventing/page.js'; import '../domain/operation/events.js'; import '@nestjs/cqrs';`,
  'libs/operations/src/adapters/projections/table.ts': `import 'typeorm'; import '#platform/read-model/database.js';`,
  'libs/platform/src/read-model/database.ts': `import 'typeorm';`,
  'libs/platform/src/ledger/file-ledger.ts': `import type { Ledger } from '#signing/contract.js'; import 'better-sqlite3'; export type FileLedger = Ledger;`,
  'libs/platform/src/ledger/postgres/postgres-ledger.ts': `import 'pg';`,
  'libs/platform/src/ledger/file-ledger.int-spec.ts': `import '#signing/application/ports/testing/ledger-contract.js';`,
  'libs/signing/src/contract.ts': `export type Ledger = string;`,
  'libs/signing/src/application/ports/testing/ledger-contract.ts': `import 'node:crypto';`,
  'libs/signing/src/adapters/pkcs11/hsm.ts': `import 'graphene-pk11'; import 'asn1js'; import 'pkijs';`,
  'libs/identity/src/adapters/proofs/assertion.ts': `import '@simplewebauthn/server'; import 'jose';`,
  'libs/identity/src/application/statements/canonical.ts': `import 'canonicalize';`,
  'libs/signing/src/through.ts': `export const load = () => import('./adapters/pkcs11/hsm.js');`,
  'apps/signer/src/main.ts': `import '#signing/through.js';`,
  'apps/api/src/main.ts': `import '#operations/application/ask.js'; import '@nestjs/core';`,
  'test/fixture.ts': `import 'better-sqlite3'; import '#apps/api/src/main.js';`,
};

/** Rule, file, text: each breaks that rule and no other; a cycle is told once, and a package that is not installed is not found either. */
const FORBIDDEN: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['kernel-imports-nothing', 'libs/kernel/src/of-npm.ts', `import 'uuid';`],
  ['kernel-imports-nothing', 'libs/kernel/src/of-node.ts', `import 'node:crypto';`],
  ['kernel-imports-nothing', 'libs/kernel/src/upwards.ts', `import '#eventing/page.js';`],
  ['domain-is-pure', 'libs/keys/src/domain/key/of-npm.ts', `import 'uuid';`],
  ['domain-is-pure', 'libs/keys/src/domain/key/of-node.ts', `import { createHash } from 'crypto'; createHash('md5');`],
  ['domain-is-pure', 'libs/operations/src/domain/operation/upwards.ts', `import '../../application/ask.js';`],
  ['application-below-adapters', 'libs/operations/src/application/upwards.ts', `import '../adapters/projections/table.js';`],
  ['application-below-adapters', 'libs/operations/src/application/sideways.ts', `import '#platform/ledger/file-ledger.js';`],
  ['eventing-below-contexts', 'libs/eventing/src/upwards.ts', `import '#keys/contract.js';`],
  ['eventing-below-contexts', 'libs/eventing/src/sideways.ts', `import '#platform/read-model/database.js';`],
  ['libs-below-apps', 'libs/keys/src/adapters/http/upwards.ts', `import '#apps/api/src/main.js';`],
  ['nothing-shipped-imports-tests', 'libs/keys/src/adapters/http/of-tests.ts', `import '#test/fixture.js';`],
  ['nothing-shipped-imports-tests', 'apps/signer/src/of-testing.ts', `import '#signing/application/ports/testing/ledger-contract.js';`],
  ['contexts-by-contract', 'libs/keys/src/adapters/http/inside.ts', `import '#operations/application/ask.js';`],
  ['contexts-by-contract', 'libs/keys/src/adapters/http/inside-by-type.ts', `import type { OperationEvent } from '#operations/domain/operation/events.js'; export type E = OperationEvent;`],
  ['contexts-by-contract', 'libs/keys/src/adapters/http/inside-later.ts', `export const load = () => import('../../../../operations/src/application/ask.js');`],
  ['control-plane-below-keys', 'libs/administration/src/domain/keys.ts', `import type { KeyEvent } from '#keys/contract.js'; export type E = KeyEvent;`],
  ['platform-by-contract', 'libs/platform/src/ledger/inside.ts', `import '#signing/through.js';`],
  ['api-cannot-reach-the-hsm', 'apps/api/src/sign.ts', `import '#signing/through.js';`],
  ['api-cannot-reach-the-hsm', 'apps/api/src/sign-by-other-app.ts', `import '../../signer/src/main.js';`],
  ['event-store-client-place', 'libs/platform/src/ledger/event-store.ts', `import '@eventstore/db-client';`],
  ['pkcs11-place', 'libs/signing/src/adapters/http/token.ts', `import 'graphene-pk11';`],
  ['pkcs11-place', 'test/token.ts', `import 'graphene-pk11';`],
  ['sqlite-place', 'libs/signing/src/adapters/http/database.ts', `import 'better-sqlite3';`],
  ['postgres-place', 'libs/platform/src/eventstoredb/database.ts', `import 'pg';`],
  ['postgres-place', 'apps/signer/src/database.ts', `import 'pg';`],
  ['asn1-place', 'libs/signing/src/application/certificate.ts', `import 'pkijs';`],
  ['asn1-place', 'apps/api/src/der.ts', `import 'asn1js';`],
  ['canonical-json-place', 'libs/operations/src/application/statement.ts', `import 'canonicalize';`],
  ['webauthn-place', 'libs/identity/src/application/assertion.ts', `import '@simplewebauthn/server';`],
  ['webauthn-place', 'libs/operations/src/adapters/http/assertion.ts', `import '@simplewebauthn/server';`],
  ['typeorm-place', 'libs/platform/src/ledger/table.ts', `import 'typeorm';`],
  ['typeorm-place', 'libs/keys/src/adapters/http/table.ts', `import 'typeorm';`],
  ['no-cycles', 'libs/keys/src/adapters/http/ring-one.ts', `import { two } from './ring-two.js'; export const one = (): number => two();`],
  ['no-cycles', 'libs/keys/src/adapters/http/ring-by-type-one.ts', `import type { Two } from './ring-by-type-two.js'; export type One = Two | 1;`],
  ['found', 'apps/api/src/lost.ts', `import './nowhere.js';`],
  ['declared', 'apps/api/src/undeclared.ts', `import 'semver';`],
  ['nothing-shipped-needs-dev-packages', 'apps/api/src/dev.ts', `import 'fast-check';`],
];

/** The other halves of the cycles. */
const RINGS: Tree = {
  'libs/keys/src/adapters/http/ring-two.ts': `import { one } from './ring-one.js'; export const two = (): number => one();`,
  'libs/keys/src/adapters/http/ring-by-type-two.ts': `import type { One } from './ring-by-type-one.js'; export type Two = One | 2;`,
};

const CONFIGURATION = ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs', '.dependency-cruiser.resolve.cjs', 'eslint.config.mjs'];
const load = createRequire(join(packageRoot, 'package.json'));

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'structure-'));
  await Promise.all(CONFIGURATION.map((file) => cp(join(packageRoot, file), join(root, file))));
  await Promise.all(['apps', 'libs', 'test'].map((folder) => mkdir(join(root, folder))));
  await symlink(join(packageRoot, 'node_modules'), join(root, 'node_modules'));
});
afterEach(() => rm(root, { recursive: true }));

const plant = async (tree: Tree): Promise<void> => {
  for (const [file, text] of Object.entries(tree)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), `${text}\n`);
  }
};
/** Runs a package's program in the tree. */
const run = (program: string, args: readonly string[]): { readonly status: number | null; readonly stdout: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8', timeout: 50_000, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NODE_OPTIONS: '' } });
  if (stdout === '') throw new Error(stderr);
  return { status, stdout };
};

interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly { readonly resolved: string }[] }[];
  readonly summary: { readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[] };
}
const cruise = (): { readonly status: number | null; readonly found: readonly string[]; readonly cruise: Cruise } => {
  const program = join(packageRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const { stdout } = run(program, ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs', 'test']);
  const { status } = run(program, ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test']);
  const result = JSON.parse(stdout) as Cruise;
  return { status, cruise: result, found: [...new Set(result.summary.violations.map((v) => `${v.rule.name}: ${v.from}`))].sort() };
};

describe('dependency rules', () => {
  it('allow what the design allows, and follow imports to the sources', async () => {
    await plant(ALLOWED);
    const { status, found, cruise: { modules } } = cruise();
    expect(found).toEqual([]);
    expect(status).toBe(0);
    const led = modules.flatMap((module) => module.dependencies.map((dependency) => `${module.source} ${dependency.resolved}`));
    expect(led).toContain('libs/platform/src/ledger/file-ledger.ts libs/signing/src/contract.ts');
    expect(led).toContain('libs/operations/src/domain/operation/events.ts libs/keys/src/contract.ts');
    expect(led).toContain('test/fixture.ts apps/api/src/main.ts');
  });

  it('find every import that breaks one of them', async () => {
    await plant({ ...ALLOWED, ...RINGS, ...Object.fromEntries(FORBIDDEN.map(([, file, text]) => [file, text])) });
    const { status, found } = cruise();
    expect(found).toEqual(FORBIDDEN.map(([rule, file]) => `${rule}: ${file}`).sort());
    expect(status).not.toBe(0);
  });

  it('are all proven here', async () => {
    const { forbidden } = load('./.dependency-cruiser.cjs') as { readonly forbidden: readonly { readonly name: string }[] };
    expect(new Set(FORBIDDEN.map(([rule]) => rule))).toEqual(new Set(forbidden.map((rule) => rule.name)));
    expect(await readFile(join(packageRoot, 'package.json'), 'utf8')).toContain('depcruise --config .dependency-cruiser.cjs apps libs test');
  });
});

const HANDLER = `
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
@Injectable()
export class Asks {
  constructor(private readonly bus: CommandBus) {}
  ask(command: object): Promise<unknown> { return this.bus.execute(command as never); }
}`;
/** A rule of ESLint, and a text that breaks it alone. */
const LINTED: readonly (readonly [rule: string, name: string, text: string])[] = [
  ...['EventBus', 'EventsHandler', 'AggregateRoot', 'Saga', 'EventPublisher', 'EventBus as Bus'].map((name, i) => ['no-restricted-imports', `banned-${i}`, `import { ${name} } from '@nestjs/cqrs'; export const used = [${name.split(' ').at(-1) ?? ''}];`] as const),
  ['no-restricted-imports', 'banned-all', `import * as cqrs from '@nestjs/cqrs'; export const used = cqrs.EventBus;`],
  ['no-restricted-imports', 'banned-onwards', `export { Saga } from '@nestjs/cqrs';`],
  ['no-restricted-syntax', 'banned-later', `export const load = (): Promise<unknown> => import('@nestjs/cqrs');`],
  ['@typescript-eslint/no-explicit-any', 'any', `export const f = (x: any): number => (x === 1 ? 1 : 2);`],
  ['@typescript-eslint/no-non-null-assertion', 'non-null', `export const f = (x: string | null): number => x!.length;`],
  ['@typescript-eslint/no-floating-promises', 'floating', `export const f = (g: () => Promise<void>): void => { g(); };`],
  ['@typescript-eslint/no-misused-promises', 'misused', `export const f = (g: Promise<boolean>): number => { if (g) return 1; return 2; };`],
  ['@typescript-eslint/consistent-type-imports', 'type-import', `import { Page } from './page.js'; export const f = (p: Page): number => p.size;`],
  ['@typescript-eslint/ban-ts-comment', 'ts-comment', `// @ts-expect-error: it is wrong, with a long reason\nexport const n: number = 'x';`],
];
const OFF = `off.ts '/* eslint-disable */' has no effect because you have 'noInlineConfig' setting in your config.`;

describe('lint rules', () => {
  it('bite each on its own, leave what is injected alone, and cannot be switched off in a file', async () => {
    const files = Object.fromEntries(LINTED.map(([, name, text]) => [`libs/signing/src/${name}.ts`, text]));
    await plant({ ...files, 'libs/signing/src/page.ts': `export interface Page { readonly size: number }`, 'libs/signing/src/asks.ts': HANDLER, 'libs/signing/src/off.ts': `/* eslint-disable */\nexport const n = 1;` });
    const { status, stdout } = run(join(packageRoot, 'node_modules/eslint/bin/eslint.js'), ['.', '--max-warnings', '0', '--format', 'json']);
    const results = JSON.parse(stdout) as readonly { readonly filePath: string; readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[] }[];
    const found = results.flatMap(({ filePath, messages }) => messages.map(({ ruleId, message }) => `${filePath.slice(filePath.lastIndexOf('/') + 1)} ${ruleId ?? message}`));
    expect([...new Set(found)].sort()).toEqual([...LINTED.map(([rule, name]) => `${name}.ts ${rule}`), OFF].sort());
    expect(status).not.toBe(0);
  });
});
