import { runProcess } from '#platform/process/run-process.js';
import { developmentToken } from './development-token.js';
import { startStandalone } from './start-standalone.js';

await runProcess('standalone', (config, log) => startStandalone(config, config.hsm ?? developmentToken(config.dataDir), log));
