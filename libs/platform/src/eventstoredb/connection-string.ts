import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ChannelCredentialOptions, DNSClusterOptions, GossipClusterOptions, SingleNodeOptions } from '@eventstore/db-client';
import { channelOf, User } from './hidden-credentials.js';

type Settings = SingleNodeOptions | GossipClusterOptions | DNSClusterOptions;

/** What a client is made of. */
export interface Connection {
  readonly settings: Settings;
  readonly channel: ChannelCredentialOptions;
  readonly user: User | undefined;
  /** How the node is found by asking the cluster, before the first call and after each loss; undefined when it is named. */
  readonly discovery: { readonly attempts: number; readonly intervalMs: number } | undefined;
}

/** What is wrong with a connection string. Says neither user nor password: it never quotes what it read. */
export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';
  constructor(reason: string) {
    super(`the connection string of the event store ${reason}`);
  }
}

const FORM = /^(?<scheme>esdb|esdb\+discover):\/\/(?:(?<user>[^:]+):(?<password>[^@]+)@)?(?<hosts>[^@/?]+)\/*(?:\?(?<query>[^?]*))?$/;
const HOST = /^(?<address>[^\s:[\]]+|\[[0-9a-fA-F:.]+\])(?::(?<port>\d{1,5}))?$/;
const NUMBERS = ['gossipTimeout', 'keepAliveInterval', 'keepAliveTimeout'] as const;
const DISCOVERY_INTERVAL_MS = 100;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConnectionStringError('has a % that is no encoded character');
  }
};
/** As the client reads them: in any case, with or without - and _. */
const flat = (key: string): string => key.trim().toLowerCase().replaceAll(/[_-]/g, '');

const hostsOf = (text: string): readonly { readonly address: string; readonly port: number }[] =>
  text.split(',').map((host) => {
    const { address, port = '2113' } = HOST.exec(host.trim())?.groups ?? {};
    const number = Number(port);
    if (address === undefined || number < 1 || number > 65_535) throw new ConnectionStringError('has a host that is not name:port');
    return { address, port: number };
  });

const queryOf = (text: string): ReadonlyMap<string, string> =>
  new Map(text === '' ? [] : text.split('&').map((pair) => {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    if (key === undefined || value === undefined) throw new ConnectionStringError('has an option that is not key=value');
    return [flat(key), decoded(value.trim())];
  }));

const truth = (query: ReadonlyMap<string, string>, key: string, otherwise: boolean): boolean => {
  const value = query.get(flat(key)) ?? String(otherwise);
  if (value !== 'true' && value !== 'false') throw new ConnectionStringError(`has a ${key} that is neither true nor false`);
  return value === 'true';
};
const number = (query: ReadonlyMap<string, string>, key: string): number | undefined => {
  const value = query.get(flat(key));
  if (value !== undefined && !/^(?:-1|\d{1,9})$/.test(value)) throw new ConnectionStringError(`has a ${key} that is not a number`);
  return value === undefined ? undefined : Number(value);
};
const file = (query: ReadonlyMap<string, string>, key: string): Buffer | undefined => {
  const name = query.get(flat(key));
  if (name === undefined) return undefined;
  try {
    return readFileSync(path.resolve(name));
  } catch {
    throw new ConnectionStringError(`names a ${key} that cannot be read`);
  }
};

/**
 * Reads a connection string in every form that the client takes, instead of the client: that prints the whole string, password included,
 * when it warns of an option. Options of no meaning here are left alone, as there; reads and appends always want the leader.
 * @throws ConnectionStringError
 */
export function parseConnectionString(url: string): Connection {
  const { scheme, user, password, hosts = '', query: text = '' } = FORM.exec(url.trim().replace(/\/+$/, ''))?.groups ?? {};
  if (scheme === undefined) throw new ConnectionStringError('is not esdb://[user:password@]host[:port][,…][?key=value&…]; special characters of user and password are written as %40 and the like');
  const endpoints = hostsOf(hosts);
  const [first] = endpoints;
  if (first === undefined) throw new ConnectionStringError('has no host');
  const query = queryOf(text);
  truth(query, 'tlsVerifyCert', true);
  const insecure = !truth(query, 'tls', true);
  const rootCertificate = insecure ? undefined : file(query, 'tlsCAFile');
  const [userCertFile, userKeyFile] = [file(query, 'userCertFile'), file(query, 'userKeyFile')];
  if ((userCertFile === undefined) !== (userKeyFile === undefined)) throw new ConnectionStringError('has one of userCertFile and userKeyFile alone');
  const options: Record<string, number | string> = {};
  for (const key of NUMBERS) {
    const value = number(query, key);
    if (value !== undefined) options[key] = value;
  }
  const name = query.get(flat('connectionName'));
  if (name !== undefined) options['connectionName'] = name;
  const [attempts = Number.POSITIVE_INFINITY, intervalMs = DISCOVERY_INTERVAL_MS] = [number(query, 'maxDiscoverAttempts'), number(query, 'discoveryInterval')];
  const discovers = scheme === 'esdb+discover' || endpoints.length > 1;
  return {
    settings: { ...options, ...(discovers ? { nodePreference: 'leader', maxDiscoverAttempts: 1, ...(scheme === 'esdb' ? { endpoints: [...endpoints] } : { discover: first }) } : { endpoint: first }) },
    channel: channelOf(insecure, { rootCertificate, userCertFile, userKeyFile }),
    user: user === undefined || password === undefined ? undefined : new User(decoded(user), decoded(password)),
    discovery: discovers ? { attempts, intervalMs } : undefined,
  };
}
