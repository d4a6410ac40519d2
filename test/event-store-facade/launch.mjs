// What `npm run event-store-facade` runs: makes a fresh clone runnable, then the facade; `-- --port 2113 --memory` and more, see README.md. Node's own modules only.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, checkNode, installPackages, refuse } from '../../apps/standalone/bootstrap.mjs';

try {
  checkNode();
  installPackages();
  build(['apps', 'libs', 'test']);
  const main = fileURLToPath(new URL('../../dist/test/event-store-facade/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  refuse(error);
}
