// What `npm run test:node24` runs: the suites on Node 24, which comes from the npm registry, in a copy of this checkout with packages compiled for it.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '24.21.0';
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-node24-'));
try {
  const home = path.join(folder, 'node');
  mkdirSync(home);
  execFileSync('npm', ['install', '--prefix', home, '--no-save', '--no-audit', '--no-fund', `node-linux-${process.arch}@${VERSION}`], { stdio: ['ignore', 2, 2], timeout: 10 * 60_000 });
  const node = path.join(home, 'node_modules', `node-linux-${process.arch}`);
  const checkout = path.join(folder, 'checkout');
  for (const file of execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter((f) => f !== '' && existsSync(path.join(ROOT, f)))) cpSync(path.join(ROOT, file), path.join(checkout, file));
  // Suites that list what git tracks find it.
  if (existsSync(path.join(ROOT, '.git'))) symlinkSync(path.join(ROOT, '.git'), path.join(checkout, '.git'));
  const env = { ...process.env, PATH: `${path.join(node, 'bin')}:${process.env.PATH}`, npm_config_nodedir: node };
  const { status } = spawnSync(path.join(node, 'bin', 'node'), ['test/run.mjs', ...process.argv.slice(2)], { cwd: checkout, stdio: 'inherit', env, timeout: 60 * 60_000 });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
