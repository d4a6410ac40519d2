import { join, resolve } from 'node:path';
import type { Config, HsmConfig, HttpConfig, LedgerConfig, TlsConfig } from './config.js';
import { ConfigError } from './config-error.js';
import { readConfigFile, readPinFile } from './config-file.js';
import { hostInUrl, isLoopback } from './network-address.js';
import { SCHEMA, type RawConfig } from './schema.js';
import { FILE_VARIABLE, overlayVariables } from './variables.js';

/** What is going to run: everything in one process, one of several processes, or a command of an operator. */
export type Role = 'standalone' | 'api' | 'worker' | 'signer' | 'tool';

export interface LoadOptions {
  /** `standalone` unless told. */
  readonly role?: Role;
  /** What relative paths start from. */
  readonly cwd?: string;
}

/**
 * The file named by COUNTERSIGN_CONFIG, if any, under the variables COUNTERSIGN_….
 * @throws ConfigError of one line that names the key or variable at fault
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env, options: LoadOptions = {}): Config {
  const { cwd = process.cwd(), role = 'standalone' } = options;
  const file = env[FILE_VARIABLE];
  if (file === '') throw new ConfigError(FILE_VARIABLE, 'must name a file');
  const tree = file === undefined ? {} : readConfigFile(resolve(cwd, file));
  overlayVariables(tree, SCHEMA, env);
  const raw = SCHEMA.parse(tree, '');
  const dataDir = resolve(cwd, raw.dataDir);
  const config: Config = {
    profile: raw.profile,
    http: httpOf(raw.http, cwd),
    dataDir,
    eventStore: raw.eventStore === 'embedded' ? { kind: 'embedded' } : { kind: 'esdb', url: raw.eventStore },
    readModel: raw.readModel === 'embedded' ? { kind: 'embedded' } : { kind: 'postgres', url: raw.readModel },
    hsm: role === 'api' || role === 'worker' ? withoutHsm(raw.hsm) : role === 'tool' || raw.hsm === null ? null : hsmOf(raw.hsm, cwd),
    worker: raw.worker,
    signer: { ...raw.signer, ledger: ledgerOf(raw.signer.ledger, dataDir, cwd) },
    telemetry: raw.telemetry,
    administration: { quorum: raw.administration.quorum ?? 1, isQuorumStated: raw.administration.quorum !== null, sessionMaxMs: raw.administration.sessionMaxMs },
    genesis: { digest: raw.genesis.digest?.toLowerCase() ?? null, file: raw.genesis.file === null ? null : resolve(cwd, raw.genesis.file) },
    identity: raw.identity,
  };
  checkIssuers(config);
  if (config.profile === 'development') checkDevelopment(config, env, role);
  else checkProduction(config, role);
  if (role === 'api' || role === 'worker' || role === 'signer') checkShared(config, role);
  return config;
}

/** Rule 19: the PIN is in the signer's own file. A tool does not look at it. */
function withoutHsm(raw: RawConfig['hsm']): null {
  if (raw !== null && (raw.pin !== null || raw.pinFile !== null)) throw new ConfigError(raw.pin === null ? 'hsm.pinFile' : 'hsm.pin', 'is for the signer alone: api and worker do not start with it');
  return null;
}

function ledgerOf(raw: string | null, dataDir: string, cwd: string): LedgerConfig {
  if (raw === null) return { kind: 'file', dir: join(dataDir, 'ledger') };
  return /^postgres(ql)?:/.test(raw) ? { kind: 'postgres', url: raw } : { kind: 'file', dir: resolve(cwd, raw) };
}

/** Embedded stores belong to one process. */
function checkShared({ eventStore, readModel }: Config, role: Role): void {
  if (eventStore.kind === 'embedded') throw new ConfigError('eventStore', 'must be a store that processes share: esdb://…; the embedded one is for npm start');
  if (readModel.kind === 'embedded' && role !== 'signer') throw new ConfigError('readModel', 'must be a database that processes share: postgres://…; the embedded one is for npm start');
}

function httpOf(raw: RawConfig['http'], cwd: string): HttpConfig {
  const tls: TlsConfig | null = raw.tls === null ? null : { certFile: resolve(cwd, raw.tls.certFile), keyFile: resolve(cwd, raw.tls.keyFile) };
  if (raw.port === 0 && raw.publicUrl === null) throw new ConfigError('http.publicUrl', 'must be given where http.port is 0');
  const publicUrl = raw.publicUrl ?? `${tls === null ? 'http' : 'https'}://${hostInUrl(raw.host)}:${raw.port}`;
  return { ...raw, tls, publicUrl: publicUrl.replace(/\/$/, '') };
}

function hsmOf(raw: NonNullable<RawConfig['hsm']>, cwd: string): HsmConfig {
  if ((raw.tokenLabel === null) === (raw.tokenSerial === null)) throw new ConfigError('hsm', 'needs exactly one of tokenLabel and tokenSerial');
  if (raw.pin !== null && raw.pinFile !== null) throw new ConfigError('hsm', 'pin and pinFile exclude each other');
  const pin = raw.pin ?? (raw.pinFile === null ? null : readPinFile('hsm.pinFile', resolve(cwd, raw.pinFile)));
  if (pin === null) throw new ConfigError('hsm', 'needs one of pin and pinFile');
  // a bare name is for the loader's search path, as in `libsofthsm2.so`
  const module = /[\\/]/.test(raw.module) ? resolve(cwd, raw.module) : raw.module;
  return { module, tokenLabel: raw.tokenLabel, tokenSerial: raw.tokenSerial, pin, sessions: raw.sessions };
}

function checkIssuers({ identity: { issuers } }: Config): void {
  for (const [i, { issuer, rules }] of issuers.entries()) {
    if (issuers.findIndex((other) => other.issuer === issuer) !== i) throw new ConfigError(`identity.issuers.${i}.issuer`, 'is configured twice');
    for (const [j, rule] of rules.entries()) if (rule.roles.length === 0) throw new ConfigError(`identity.issuers.${i}.rules.${j}.roles`, 'must name a role');
  }
}

function checkProduction(config: Config, role: Role): void {
  if (config.hsm === null && (role === 'standalone' || role === 'signer')) throw new ConfigError('hsm', 'is missing, and the production profile needs it');
  // A genesis names issuers itself.
  const isLaid = config.genesis.file !== null || config.genesis.digest !== null;
  if (config.identity.issuers.length === 0 && !isLaid && (role === 'standalone' || role === 'api')) throw new ConfigError('identity.issuers', 'is missing, and the production profile needs at least one');
}

// Whoever reaches a development instance can be anybody, POST /dev/token says so: it must stay on this machine.
function checkDevelopment({ http }: Config, env: Readonly<Record<string, string | undefined>>, role: Role): void {
  if (role !== 'standalone' && role !== 'tool') throw new ConfigError('profile', 'must be production: the development profile is for npm start alone');
  if (env['NODE_ENV'] === 'production') throw new ConfigError('NODE_ENV', 'is production, which excludes the development profile');
  if (!isLoopback(http.host)) throw new ConfigError('http.host', 'must be a loopback address in the development profile');
  if (!isLoopback(new URL(http.publicUrl).hostname)) throw new ConfigError('http.publicUrl', 'must be on a loopback address in the development profile');
}
