// Makes a fresh clone runnable, then runs a compiled measurement with the arguments that were given. Node's own modules only.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, checkNode, installDebianPackages, installPackages, refuse, SOFTHSM_PACKAGES } from '../../apps/standalone/bootstrap.mjs';
import { installPostgres } from '../fixtures/install-postgres.mjs';

/** Of the benchmark's token. Each running call into it holds a thread of libuv's pool, whose size is read once, before any script runs. */
const SESSIONS = 8;

/** @param name of the compiled module in dist/test/bench */
export function launch(name) {
  try {
    checkNode();
    installPackages();
    build(['apps', 'libs', 'test']);
    installDebianPackages(SOFTHSM_PACKAGES);
    installPostgres();
    const main = fileURLToPath(new URL(`../../dist/test/bench/${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { env: { ...process.env, UV_THREADPOOL_SIZE: String(SESSIONS + 4) }, stdio: 'inherit' });
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code) => process.exit(code ?? 1));
  } catch (error) {
    refuse(error);
  }
}
