import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { describeConfig } from '../config/describe-config.js';
import { loadConfig } from '../config/load-config.js';
import type { Role } from '../config/load-config.js';
import { createLogger } from '../logging/create-logger.js';
import type { Log } from '../logging/log.js';
import { thriftyHeaps } from './thrifty-heaps.js';

/** SIGTERM is answered within 10 s. */
const STOP_MS = 9_500;

export interface RunningProcess {
  readonly url: string;
  /** Resolves with the reason when a part ended that the others can't do without. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

/**
 * From the configuration to the end of a process: starts it, tells its launcher, stops it in order on SIGTERM, SIGINT or when the launcher is gone.
 * A start that can't be is one line on standard error and exit code 1.
 */
export async function runProcess(role: Exclude<Role, 'tool'>, start: (config: Config, log: Log) => Promise<RunningProcess>): Promise<void> {
  thriftyHeaps();
  const log = createLogger({ name: role === 'standalone' ? 'countersign' : role });
  try {
    const config = loadConfig(process.env, { role });
    log.info({ config: describeConfig(config), pid: process.pid, nodeVersion: process.version }, 'starting');
    const running = await start(config, log);
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
    process.stderr.write(`countersign: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}\n`);
    log.flush();
    process.exit(1);
  }
}
