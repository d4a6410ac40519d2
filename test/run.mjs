// What `npm test` runs: makes the machine ready, then every check and every suite. Its last line sums them up: `N passed, N failed`.
// `npm test -- unit integration` runs these suites alone; `-- --list` names them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, installDebianPackages, installPackages } from '../apps/standalone/bootstrap.mjs';
import { installPostgres } from './fixtures/install-postgres.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** From a file to Debian's package that has it: what the suites use beside npm's packages. */
const TOOLS = {
  '/usr/lib/softhsm/libsofthsm2.so': 'libsofthsm2',
  '/usr/bin/softhsm2-util': 'softhsm2',
  '/usr/bin/pkcs11-tool': 'opensc',
  [`/usr/lib/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch}-linux-gnu/pkcs11-spy.so`]: 'opensc-pkcs11',
  '/usr/bin/strace': 'strace',
  '/usr/bin/faketime': 'faketime',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/chromium': 'chromium',
  '/usr/bin/fido2-assert': 'fido2-tools',
  '/usr/bin/cc': 'gcc',
  '/usr/include/stdio.h': 'libc6-dev',
};
const MINUTES = 60_000;
const bin = (name) => path.join(ROOT, 'node_modules', '.bin', name);
const spawned = (command, args, minutes, env = {}) => spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: minutes * MINUTES, killSignal: 'SIGKILL', env: { ...process.env, ...env } });
const results = mkdtempSync(path.join(os.tmpdir(), 'countersign-results-'));

/** One check is one test: it passes or it fails. */
const check = (name, args, minutes) => () => {
  const ok = spawned(bin(name), args, minutes).status === 0;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
};
const jest = (project, workers, minutes, { env = {}, only = [] } = {}) => () => {
  const file = path.join(results, `${project}-${Object.keys(env).length}.json`);
  const { status } = spawned(process.execPath, ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', path.join(ROOT, 'node_modules/jest/bin/jest.js'), '--selectProjects', project, '--maxWorkers', workers, '--json', '--outputFile', file, '--silent=false', '--reporters', path.join(ROOT, 'test/terse-reporter.mjs'), ...only.flatMap((pattern) => ['--testPathPatterns', pattern])], minutes, env);
  try {
    const r = JSON.parse(readFileSync(file, 'utf8'));
    const failed = r.numFailedTests + r.numRuntimeErrorTestSuites;
    return { passed: r.numPassedTests, failed: status === 0 ? failed : Math.max(1, failed) };
  } catch {
    return { passed: 0, failed: 1 };
  }
};
const SUITES = {
  typecheck: check('tsc', ['--noEmit', '-p', 'tsconfig.json'], 5),
  lint: check('eslint', ['.', '--max-warnings', '0'], 5),
  deps: check('depcruise', ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test'], 5),
  unit: jest('unit', '2', 10),
  integration: jest('integration', '2', 20),
  'end-to-end': jest('end-to-end', '2', 25),
  // The same tests, with events behind the client of EventStoreDB, and with rows in PostgreSQL; those of the api alone have no stores.
  'end-to-end-stores': jest('end-to-end', '2', 30, { env: { TEST_EVENT_STORE: 'esdb', TEST_READ_MODEL: 'postgres' }, only: ['test/'] }),
  // What names its stores and processes itself.
  deployments: jest('deployments', '2', 30),
};
/** Run when named alone. `main-paths`: what another Node could break, without what is the same on each. */
const LONG = { 'main-paths': jest('end-to-end', '2', 20, { only: ['test/e2e/(main-job|sign-orders|signed-decisions|dual-control|ceremony)', 'test/faults/(kills|two-signers|batches)', 'test/system/', 'apps/'] }), faults: jest('deployments', '1', 240, { only: ['test/faults/'] }) };

const wanted = process.argv.slice(2).filter((a) => !a.startsWith('-'));
if (process.argv.includes('--list')) console.log(Object.keys(SUITES).join('\n'));
else {
  const unknown = wanted.filter((w) => !(w in SUITES) && !(w in LONG));
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
  installPackages();
  installDebianPackages(TOOLS);
  installPostgres();
  build(['apps', 'libs', 'test']);
  const table = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(SUITES)) {
    console.log(`\n== ${name}`);
    const began = performance.now();
    const { passed, failed } = (SUITES[name] ?? LONG[name])();
    table.push({ name, passed, failed, seconds: Math.round((performance.now() - began) / 1000) });
  }
  rmSync(results, { recursive: true, force: true });
  console.log(`\nNode ${process.version}`);
  for (const { name, passed, failed, seconds } of table) console.log(`${name.padEnd(26)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed  ${seconds} s`);
  const sum = (of) => table.reduce((n, row) => n + row[of], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}
