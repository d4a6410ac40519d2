import type { Config } from '#platform/config/config.js';
import { ConfigError } from '#platform/config/config-error.js';
import { createFolder } from '#platform/data-folder/data-folder.js';
import { startHealthServer } from '#platform/http/health-server.js';
import { NOT_PINNED } from '#platform/http/ports/readiness-warnings.port.js';
import type { Log } from '#platform/logging/log.js';
import type { RunningProcess } from '#platform/process/run-process.js';
import { openSharedProcess } from '#platform/process/shared-process.js';
import { awaitPostgres } from '#platform/read-model/await-postgres.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { runSigner } from './run-signer.js';

const STOP_MS = 8_000;

/** A signer as a process of its own: it listens on nothing but health and metrics. @throws what its ledger, its store and listening throw */
export async function startSigner(config: Config, log: Log): Promise<RunningProcess> {
  if (config.hsm === null) throw new ConfigError('hsm', 'is missing');
  const metrics = createMetrics();
  const shared = await openSharedProcess(config, log, { service: 'signer', metrics });
  const { ledger } = config.signer;
  if (ledger.kind === 'postgres') await awaitPostgres(ledger.url, (error) => log.warn({ error }, 'the ledger does not answer yet'));
  createFolder(config.dataDir);
  const signer = await runSigner({ config, hsm: config.hsm, store: shared.store, log, metrics, tracer: shared.tracer });
  const source = { render: async () => ({ contentType: metrics.contentType, body: await metrics.render() }) };
  if (config.genesis.digest === null) log.warn({ code: NOT_PINNED.code }, NOT_PINNED.detail);
  const health = await startHealthServer(config.signer.http, [shared.storeCheck, shared.clockCheck, { name: 'signer', check: () => Promise.resolve(signer.down()), warning: () => signer.warning() }], source);
  shared.report('signer', config.signer.name, () => signer.down());
  return {
    url: `http://${config.signer.http.host}:${health.port}`,
    broken: new Promise(() => undefined),
    async stop() {
      // A C_Sign that hangs keeps its attempt: what it was at is recovered by the next incarnation.
      const late = new Promise<void>((resolve) => void setTimeout(resolve, STOP_MS).unref());
      await Promise.race([signer.stop(), late]);
      await shared.close();
      await health.close();
    },
  };
}
