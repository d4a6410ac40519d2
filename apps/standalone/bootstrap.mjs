// What `npm start` and `npm run start:api`, `start:worker` and `start:signer` run: makes a fresh clone runnable, then starts the service or that part of it. Node's own modules only, since there may be no others yet.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** What the development profile signs with. */
export const SOFTHSM_PACKAGES = { '/usr/lib/softhsm/libsofthsm2.so': 'libsofthsm2', '/usr/bin/softhsm2-util': 'softhsm2' };
const INSTALL_MS = 20 * 60_000;
const at = (...parts) => path.join(ROOT, ...parts);
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest('hex');
const say = (line) => process.stderr.write(`countersign: ${line}\n`);
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const run = (command, args, env = process.env) => execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], timeout: INSTALL_MS, env });

class Refusal extends Error {}

const LOCK_LOOK_MS = 200;
const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Processes of one checkout that are started together install and compile one after the other. @param work is synchronous */
export async function oneAtATime(work) {
  const lock = at('.bootstrap.lock');
  for (const until = Date.now() + INSTALL_MS; ; await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS))) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(read(lock));
      // Left behind by a process that was killed; one that has just made the file has not written into it yet.
      if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
      else if (Date.now() > until) throw new Refusal(`${lock} is held by process ${holder}`);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The oldest Node that it runs on. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Refusal(`Node 20.19 or later is needed, this is ${process.versions.node}`);
}

/** One line on standard error, exit code 1. */
export function refuse(error) {
  say(error instanceof Error ? error.message.split('\n', 1)[0] : String(error));
  process.exit(1);
}

/** Packages as package-lock.json says, compiled for the Node that runs. */
export function installPackages() {
  const wanted = sha256(readFileSync(at('package-lock.json')), process.versions.modules);
  const stamp = at('node_modules', '.countersign-installed');
  if (read(stamp) === wanted) return;
  say('installing packages (once)');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

/** `dist/` as the sources are. @param folders what is compiled */
export function build(folders) {
  const sources = folders.flatMap((f) => readdirSync(at(f), { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && /\.(ts|mts)$/.test(e.name)).map((e) => path.join(e.parentPath ?? e.path, e.name))).sort();
  const facts = sources.map((f) => { const s = statSync(f); return `${path.relative(ROOT, f)} ${s.size} ${s.mtimeMs}`; });
  const wanted = sha256(facts.join('\n'), read(at('.swcrc')));
  const stamp = at('dist', `.built-${folders.join('-')}`);
  if (read(stamp) === wanted) return;
  say('compiling');
  for (const folder of folders) rmSync(at('dist', folder), { recursive: true, force: true });
  run('node', [at('node_modules/@swc/cli/bin/swc.js'), ...folders, '--out-dir', 'dist', '--config-file', '.swcrc', '--quiet']);
  mkdirSync(at('dist'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Debian's packages that are missing, installed when root, else named in one line. @param files from the file that shows it to the package that has it */
export function installDebianPackages(files) {
  const missing = [...new Set(Object.entries(files).filter(([file]) => !existsSync(file)).map(([, name]) => name))];
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Refusal(`${missing.join(', ')} missing; as root: apt-get update && ${command}`);
  say(`installing ${missing.join(', ')} (once)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-q'], env);
  run('apt-get', command.split(' ').slice(1), env);
}

const ROLES = ['standalone', 'api', 'worker', 'signer'];

async function start(role) {
  if (!ROLES.includes(role)) throw new Refusal(`there is no ${role}; there are ${ROLES.join(', ')}`);
  checkNode();
  await oneAtATime(() => {
    installPackages();
    build(['apps', 'libs']);
  });
  const env = { ...process.env };
  if (role === 'standalone' && env.COUNTERSIGN_CONFIG === undefined) {
    env.COUNTERSIGN_PROFILE ??= 'development';
    if (env.COUNTERSIGN_PROFILE === 'development') installDebianPackages(SOFTHSM_PACKAGES);
  }
  const { loadConfig } = await import(pathToFileURL(at('dist/libs/platform/src/config/load-config.js')).href);
  const sessions = loadConfig(env, { role }).hsm?.sessions ?? 8;
  // Each running call into the HSM holds a thread of libuv's pool, whose size is read once, before any script runs (rule 6).
  env.UV_THREADPOOL_SIZE = String(sessions + 4);
  const child = spawn(process.execPath, [at('dist/apps', role, 'src/main.js')], { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  child.on('message', (message) => { if (message.kind === 'ready' && message.profile === 'development') welcome(message.url, message.dataDir); });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

function welcome(url, dataDir) {
  process.stdout.write(`
Countersign listens on ${url} (development profile, data in ${dataDir})
  try       npm run demo                    the whole story, in a terminal
  look      ${url}/docs             every call, with examples
  a token   curl -s ${url}/dev/token -H 'content-type: application/json' -d '{"user":"orderer1"}'
  users     orderer1-2, approver1-3, admin1-3, auditor1; keys fw-dev (no approval) and fw-prod (2 of firmware-approvers)

`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) start(process.argv[2] ?? 'standalone').catch(refuse);
