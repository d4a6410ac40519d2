import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';
import { readDockerfile, upTo } from './dockerfile.js';

const at = (...parts: readonly string[]): string => join(packageRoot, ...parts);
const stages = readDockerfile(readFileSync(at('docker/Dockerfile'), 'utf8'));
const finals = ['service', 'softhsm'];
const namesOf = (stage: string, name: string): readonly string[] => upTo(stages, stage).filter((one) => one.name === name).map((one) => one.rest);
const last = (stage: string, name: string): string => namesOf(stage, name).at(-1) ?? '';

describe('docker/Dockerfile', () => {
  it('builds in one stage and runs in another, on Node 24 of Debian', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', 'service', 'softhsm']);
    expect(stages.find(({ name }) => name === 'build')?.from).toMatch(/^node:24-/);
    expect(stages.find(({ name }) => name === 'service')?.from).toMatch(/^node:24-\w+-slim$/);
  });

  it('copies what there is, and what .dockerignore lets through', () => {
    const allowed = readFileSync(at('.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copies = stages.flatMap(({ instructions }) => instructions).filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='));
    expect(copies.length).toBeGreaterThan(4);
    for (const { rest } of copies) {
      for (const source of rest.split(' ').slice(0, -1)) {
        expect([source, existsSync(at(source))]).toEqual([source, true]);
        expect([source, allowed.some((path) => source === path || source.startsWith(`${path}/`))]).toEqual([source, true]);
      }
    }
  });

  it('copies between stages what the earlier one has', () => {
    for (const { rest } of stages.flatMap(({ instructions }) => instructions).filter(({ name, rest }) => name === 'COPY' && rest.startsWith('--from='))) expect(rest).toMatch(/^--from=build \/app\/(package\.json|node_modules|dist) /);
  });

  it('runs packages’ programs that there are', () => {
    for (const [program] of stages.flatMap(({ instructions }) => instructions).map(({ rest }) => rest).join('\n').matchAll(/node_modules\/\S+\.js/g)) expect([program, existsSync(at(program))]).toEqual([program, true]);
  });

  it.each(finals)('%s runs as nobody in particular', (stage) => {
    expect(last(stage, 'USER')).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    const [user] = last(stage, 'USER').split(':');
    expect(namesOf(stage, 'RUN').join(' ')).toContain(`--uid ${user} `);
  });

  it.each(finals)('%s has a health check and an entry, both in the image', (stage) => {
    const copied = namesOf(stage, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    for (const [instruction, file] of [['HEALTHCHECK', 'docker/healthcheck.mjs'], ['ENTRYPOINT', 'docker/entry.sh']] as const) {
      expect(last(stage, instruction)).toContain(`"/app/${file}"`);
      expect(copied).toContain(file);
    }
    expect(copied).toContain('docker/thread-pool.mjs');
    expect(last(stage, 'HEALTHCHECK')).toMatch(/--interval=\d+s --timeout=\d+s --start-period=\d+s/);
  });

  it('writes nothing into the image’s own folders at run time', () => {
    expect(namesOf('softhsm', 'VOLUME').join(' ')).toBe('["/data", "/ledger"] ["/tokens"]');
    expect(namesOf('service', 'RUN').join(' ')).toContain('install -d -o 10001 -g 10001 -m 0700 /data /ledger /tokens');
  });

  it.each(['docker/entry.sh', 'docker/softhsm/make-token.sh'])('%s is a shell script without faults of form', (script) => {
    execFileSync('/bin/sh', ['-n', at(script)], { timeout: 5_000 });
  });

  it('its parts’ programs are there', () => {
    for (const program of ['apps/standalone/src/main.ts', 'apps/api/src/main.ts', 'apps/worker/src/main.ts', 'apps/signer/src/main.ts', 'apps/cli/src/main.ts']) expect([program, existsSync(at(program))]).toEqual([program, true]);
  });
});

describe('what runs in the image', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-image-'));
  const secrets = join(dir, 'secrets');
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const run = (file: string, env: Readonly<Record<string, string>>, ...args: readonly string[]) => spawnSync(process.execPath, [at('docker', file), ...args], { env: { PATH: process.env['PATH'] ?? '', ...env }, encoding: 'utf8', timeout: 20_000 });
  const envOf = (role: string, file: string): Readonly<Record<string, string>> => ({ SERVICE_ROLE: role, COUNTERSIGN_CONFIG: join(secrets, file), ...(file === 'shared.yaml' ? {} : { COUNTERSIGN_HSM__PIN_FILE: join(secrets, 'hsm-pin') }) });

  it('make-secrets makes them once', () => {
    expect(run('make-secrets.mjs', {}, '--dir', secrets).status).toBe(1);
    const args = ['--dir', secrets, '--issuer', 'https://login.example.com/realms/main'];
    expect(run('make-secrets.mjs', {}, ...args)).toMatchObject({ status: 0, stderr: '' });
    const made = ['hsm-pin', 'hsm-so-pin', 'postgres-password', 'standalone.yaml', 'shared.yaml', 'signer.yaml'].map((name) => readFileSync(join(secrets, name), 'utf8'));
    expect(made.join('\n')).not.toContain('${');
    expect(made[0]).toMatch(/^\d{12}$/);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    expect(run('make-secrets.mjs', {}, ...args).status).toBe(0);
    expect(readFileSync(join(secrets, 'hsm-pin'), 'utf8')).toBe(made[0]);
  });

  it.each([['standalone', 'standalone.yaml'], ['api', 'shared.yaml'], ['worker', 'shared.yaml'], ['signer', 'signer.yaml']])('the configuration of %s is accepted, and its pool has a thread for each session and four', (role, file) => {
    expect(run('thread-pool.mjs', envOf(role, file))).toMatchObject({ status: 0, stdout: '12\n', stderr: '' });
  });

  it('a configuration that is wrong, and a role that there is not, are one line and exit code 1', () => {
    const refused = run('thread-pool.mjs', { ...envOf('api', 'shared.yaml'), COUNTERSIGN_HSM__MODULE: 'x', COUNTERSIGN_HSM__PIN: '1234' });
    expect([refused.status, refused.stdout, refused.stderr.trim().split('\n')]).toEqual([1, '', [expect.stringContaining('hsm.pin')]]);
    expect(run('thread-pool.mjs', envOf('console', 'shared.yaml'))).toMatchObject({ status: 1, stderr: expect.stringContaining('SERVICE_ROLE is console') });
  });

  it('the health check asks the port of the role, and fails when nobody answers there', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    const checks = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
      const child = spawn(process.execPath, [at('docker/healthcheck.mjs')], { env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: 'ignore', timeout: 20_000 });
      return (await once(child, 'exit'))[0];
    };
    expect(await checks({ ...envOf('api', 'shared.yaml'), COUNTERSIGN_HTTP__PORT: port })).toBe(0);
    expect(await checks({ ...envOf('signer', 'signer.yaml'), COUNTERSIGN_SIGNER__HTTP__PORT: port })).toBe(0);
    expect(asked).toEqual(['/healthz', '/healthz']);
    await new Promise((resolve) => server.close(resolve));
    expect(await checks({ ...envOf('worker', 'shared.yaml'), COUNTERSIGN_WORKER__HTTP__PORT: port })).toBe(1);
  });
});
