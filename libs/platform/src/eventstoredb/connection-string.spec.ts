import { inspect } from 'node:util';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConnectionStringError, parseConnectionString } from './connection-string.js';

const SECRET = 'h0rse-battery';
const messageOf = (url: string): string => {
  try {
    parseConnectionString(url);
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionStringError);
    return (error as Error).message;
  }
  throw new Error(`it took ${url}`);
};

describe('connection strings', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'countersign-esdb-'));
  const [ca, key] = [path.join(dir, 'ca.pem'), path.join(dir, 'user.key')];
  writeFileSync(ca, 'a certificate');
  writeFileSync(key, SECRET);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('names a single node, at the usual port unless told', () => {
    expect(parseConnectionString('esdb://db.example:2114?tls=false')).toMatchObject({ settings: { endpoint: { address: 'db.example', port: 2114 } }, channel: { insecure: true }, user: undefined, discovery: undefined });
    expect(parseConnectionString(' esdb://db.example/ ')).toMatchObject({ settings: { endpoint: { address: 'db.example', port: 2113 } }, channel: { insecure: false } });
    expect(parseConnectionString('esdb://10.0.0.1:2113/?tls=false')).toMatchObject({ settings: { endpoint: { address: '10.0.0.1', port: 2113 } } });
  });

  it('names several nodes, or a name behind which they are found; it is always the leader that is wanted', () => {
    expect(parseConnectionString('esdb://a:1,b:2,c?nodePreference=follower')).toMatchObject({
      settings: { endpoints: [{ address: 'a', port: 1 }, { address: 'b', port: 2 }, { address: 'c', port: 2113 }], nodePreference: 'leader', maxDiscoverAttempts: 1 }, discovery: { attempts: Number.POSITIVE_INFINITY, intervalMs: 100 },
    });
    expect(parseConnectionString('esdb+discover://cluster.example?maxDiscoverAttempts=3&gossip-timeout=2&DiscoveryInterval=50')).toMatchObject({
      settings: { discover: { address: 'cluster.example', port: 2113 }, nodePreference: 'leader', gossipTimeout: 2 }, discovery: { attempts: 3, intervalMs: 50 },
    });
  });

  it('takes user and password, encoded or not', () => {
    const { user } = parseConnectionString('esdb://ad%40min:p%40ss:w%2Frd@db.example');
    expect([user?.username, user?.password]).toEqual(['ad@min', 'p@ss:w/rd']);
  });

  it('takes files of certificates, in any spelling of the option', () => {
    const { channel } = parseConnectionString(`esdb://db.example?tls_ca_file=${encodeURIComponent(ca)}&userCertFile=${ca}&userKeyFile=${key}&tlsVerifyCert=true`);
    expect([channel.rootCertificate, channel.userCertFile, channel.userKeyFile].map(String)).toEqual(['a certificate', 'a certificate', SECRET]);
  });

  it('takes keep-alive times and leaves options alone that mean nothing here', () => {
    expect(parseConnectionString('esdb://h?keepAliveInterval=20000&keepAliveTimeout=-1&connectionName=me%20too&throwOnAppendFailure=false&defaultDeadline=1&whatever=x').settings).toEqual({
      endpoint: { address: 'h', port: 2113 }, keepAliveInterval: 20_000, keepAliveTimeout: -1, connectionName: 'me too',
    });
  });

  it.each([
    `http://u:${SECRET}@h`, `esdb://u:${SECRET}@`, `esdb://u:${SECRET}@h:port`, `esdb://u:${SECRET}@h:99999`, `esdb://u:${SECRET}@@h`, `esdb://u:${SECRET}%zz@h`, `esdb://u:${SECRET}@h?tls`, `esdb://u:${SECRET}@h?tls=perhaps`,
    `esdb://u:${SECRET}@h?gossipTimeout=soon`, `esdb://u:${SECRET}@h?tlsCAFile=/nowhere/${SECRET}.pem`, `esdb://u:${SECRET}@h?userKeyFile=/etc/hostname`, `esdb://u:${SECRET}@h?a=b?c=d`, `esdb://u:${SECRET}@h?=`,
  ])('says what is wrong without saying what it read: %#', (url) => {
    expect(messageOf(url)).not.toContain(SECRET);
    expect(messageOf(url)).not.toContain('u:');
  });

  it('prints nothing, and is printed without its secrets', () => {
    const connection = parseConnectionString(`esdb://u:${SECRET}@h?userCertFile=${ca}&userKeyFile=${key}`);
    expect(connection.user?.password).toBe(SECRET);
    for (const text of [inspect(connection, { depth: 9 }), JSON.stringify(connection), inspect({ ...connection.channel })]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(Buffer.from(SECRET).toString('hex', 0, 6).match(/../g)?.join(' '));
    }
  });
});
