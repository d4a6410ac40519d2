import { parseArgs } from 'node:util';
import { startFacade } from './facade.js';

const { values } = parseArgs({ options: { port: { type: 'string', default: '2113' }, dir: { type: 'string' }, memory: { type: 'boolean', default: false }, 'control-port': { type: 'string' } } });
const dir = values.memory ? undefined : (values.dir ?? 'data/event-store-facade');
const facade = await startFacade({ port: Number(values.port), ...(dir === undefined ? {} : { dir }) });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void facade.close().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ listening: facade.url, port: facade.port, dir: dir ?? null })}\n`);
