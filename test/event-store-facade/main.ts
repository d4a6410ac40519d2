import { parseArgs } from 'node:util';
import { startFacade } from './facade.js';
import { startControlServer } from './faults/control-server.js';
import { parseFaultOrders } from './faults/fault.js';

/** The facade as a process of its own: says in one line of JSON where it listens, and ends with SIGTERM. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '2113' },
    dir: { type: 'string', default: 'data/event-store-facade' },
    memory: { type: 'boolean', default: false },
    'control-port': { type: 'string' },
    'max-append-bytes': { type: 'string' },
  },
});
const portOf = (name: string, text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`--${name} is a port`);
  return port;
};
const { EVENT_STORE_FACADE_FAULTS: ordered } = process.env;
const facade = await startFacade({
  port: portOf('port', values.port),
  ...(values.memory ? {} : { dir: values.dir }),
  ...(values['max-append-bytes'] === undefined ? {} : { maxAppendBytes: Number(values['max-append-bytes']) }),
  faults: ordered === undefined || ordered === '' ? [] : parseFaultOrders(JSON.parse(ordered)),
});
const controlPort = values['control-port'];
const controlServer = controlPort === undefined ? undefined : await startControlServer(facade.control, portOf('control-port', controlPort));

const end = async (): Promise<void> => {
  controlServer?.close();
  await facade.close();
  process.exit(0);
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
process.stdout.write(`${JSON.stringify({ url: facade.url, port: facade.port, controlPort: controlServer?.port ?? null, dir: values.memory ? null : values.dir })}\n`);
