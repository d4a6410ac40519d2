// The standalone with the signer thread of signer.worker.ts, and what the api's thread appends behind gates. For tests alone: no image has it, `npm start` does not compile it.
import { startStandalone } from '#apps/standalone/src/start-standalone.js';
import { loadConfig } from '#platform/config/load-config.js';
import { createLogger } from '#platform/logging/create-logger.js';
import { gatedStore } from './gated.js';
import { Gates } from './gates.js';

const config = loadConfig();
if (config.hsm === null) throw new TypeError('hsm is not configured');
const log = createLogger({ name: 'countersign' });
const gates = new Gates(process.env);
const running = await startStandalone(config, config.hsm, log, { signer: 'test/hooks/signer.worker', store: (own) => gatedStore(own, 'api', gates) });
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
