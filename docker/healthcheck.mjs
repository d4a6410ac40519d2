// Exit code 0 when the process of this container answers /healthz. Whether it can do its work is asked of /readyz by who routes to it, not here:
// a container that waits for its store must not be restarted for it.
import http from 'node:http';
import https from 'node:https';
import { loadConfig } from '../dist/libs/platform/src/config/load-config.js';

const WITHIN_MS = 4_000;
const ANY = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const role = process.env.SERVICE_ROLE ?? 'standalone';
const config = loadConfig(process.env, { role });
const { port, host } = role === 'worker' || role === 'signer' ? config[role].http : config.http;
const hasTls = (role === 'api' || role === 'standalone') && config.http.tls !== null;
// Its own certificate is for the name that callers use; here it is asked by its address.
const options = { host: ANY[host] ?? host, port, path: '/healthz', timeout: WITHIN_MS, ...(hasTls ? { rejectUnauthorized: false } : {}) };
const request = (hasTls ? https : http).get(options, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1));
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
