// The acceptance checks from outside on every kind of deployment, each with fresh stores: `node test/acceptance.mjs FOLDER` after `npm test` or a build.
// Its last line is `N passed, N failed`: one for each check on each kind.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const CHECKS = ['main-job', 'over-use', 'kill'];
const CHECK_MS = 6 * 60_000;
const [folder, ...only] = process.argv.slice(2);
if (folder === undefined) throw new Error('which folder holds the checks?');
const compiled = (module) => import(pathToFileURL(path.join(ROOT, 'dist', module)).href);
const { startPostgres } = await compiled('test/fixtures/postgres.js');
const { freePort } = await compiled('test/system/listen.js');

const facade = async () => {
  const [port, controlPort] = [await freePort(), await freePort()];
  const dir = mkdtempSync(path.join(os.tmpdir(), 'countersign-facade-'));
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/test/event-store-facade/main.js'), '--port', String(port), '--control-port', String(controlPort), '--dir', dir], { stdio: 'ignore' });
  return { url: `esdb://127.0.0.1:${port}?tls=false`, stop: () => (child.kill('SIGKILL'), rmSync(dir, { recursive: true, force: true })) };
};
const postgres = await startPostgres();
const SPLIT = 'start:api,start:worker,start:signer';
/** From the name of a kind of deployment to the settings and scripts that make it. */
const KINDS = {
  'embedded stores': () => ({ extra: {} }),
  'rows in PostgreSQL': async () => ({ extra: { readModel: await postgres.database() } }),
  'events over the EventStoreDB client': (events) => ({ extra: { eventStore: events.url } }),
  'three processes': async (events) => ({ extra: { eventStore: events.url, readModel: await postgres.database() }, scripts: SPLIT }),
};

let passed = 0;
const missed = [];
for (const [kind, made] of Object.entries(KINDS)) {
  for (const check of CHECKS) {
    if (only.length > 0 && !only.some((o) => `${kind} ${check}`.includes(o))) continue;
    const events = await facade();
    const { extra, scripts } = await made(events);
    const env = { ...process.env, ACCEPTANCE_EXTRA: JSON.stringify(extra), ...(scripts === undefined ? {} : { ACCEPTANCE_SCRIPTS: scripts }) };
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(path.join(folder, check), { cwd: ROOT, env, encoding: 'utf8', timeout: CHECK_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 });
    events.stop();
    if (status === 0) passed += 1;
    else missed.push(`${kind}: ${check}`);
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${kind}: ${check} (${((performance.now() - began) / 1000).toFixed(1)} s)\n     ${stdout.trim().split('\n').slice(status === 0 ? -1 : -20).join('\n     ')}${status === 0 ? '' : `\n${stderr.slice(-2_000)}`}`);
  }
}
await postgres.stop();
for (const one of missed) console.log(`missed: ${one}`);
console.log(`${passed} passed, ${missed.length} failed`);
process.exitCode = missed.length === 0 ? 0 : 1;
