import { ConfigError } from '#platform/config/config-error.js';
import { describeConfig } from '#platform/config/describe-config.js';
import { loadConfig } from '#platform/config/load-config.js';
import { createLogger } from '#platform/logging/create-logger.js';
import { developmentToken } from './development-token.js';
import { startStandalone } from './start-standalone.js';
import { thriftyHeaps } from './thrifty-heaps.js';

const STOP_MS = 9_500;
const log = createLogger({ name: 'countersign' });

/** One line on standard error, exit code 1. */
function refuse(error: unknown): never {
  process.stderr.write(`countersign: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}\n`);
  log.flush();
  process.exit(1);
}

thriftyHeaps();
try {
  const config = loadConfig();
  const hsm = config.hsm ?? developmentToken(config.dataDir);
  log.info({ config: describeConfig(config), pid: process.pid, nodeVersion: process.version }, 'starting');
  const running = await startStandalone(config, hsm, log);
  log.info({ url: running.url }, 'listening');
  process.send?.({ kind: 'ready', url: running.url, profile: config.profile, dataDir: config.dataDir });

  let stopping = false;
  const stop = (code: number, reason: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    // A thread that waits in the HSM holds up process.exit() for as long as that takes. What is cut off here is recovered as after a crash.
    setTimeout(() => (log.warn({ reason: 'something did not end in time' }, 'cut off'), log.flush(), process.kill(process.pid, 'SIGKILL')), STOP_MS).unref();
    running.stop().then(
      () => (log.flush(), process.exit(code)),
      (error: unknown) => (log.error({ error }, 'stopping failed'), log.flush(), process.exit(1)),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(0, signal));
  // The launcher is gone: nobody else would ever end this.
  process.on('disconnect', () => stop(0, 'the launcher ended'));
  void running.broken.then((reason) => {
    log.error({ reason }, 'a part of the process ended');
    stop(1, reason);
  });
} catch (error) {
  if (!(error instanceof ConfigError)) log.error({ error }, 'the start failed');
  refuse(error);
}
