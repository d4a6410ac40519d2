import type { Config } from '#platform/config/config.js';
import { claimOwnFolder } from '#platform/data-folder/own-folder.js';
import { startHealthServer } from '#platform/http/health-server.js';
import type { Log } from '#platform/logging/log.js';
import type { RunningProcess } from '#platform/process/run-process.js';
import { openSharedProcess, processName } from '#platform/process/shared-process.js';
import { awaitPostgres } from '#platform/read-model/await-postgres.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { runWorker } from './run-worker.js';

/** A worker as a process of its own. @throws what its stores and listening throw */
export async function startWorker(config: Config, log: Log): Promise<RunningProcess> {
  const metrics = createMetrics();
  const shared = await openSharedProcess(config, log, { service: 'worker', metrics });
  const { readModel } = config;
  if (readModel.kind === 'postgres') await awaitPostgres(readModel.url, (error) => log.warn({ error }, 'the read model does not answer yet'));
  const folder = claimOwnFolder(config.dataDir, 'worker');
  const worker = await runWorker({ config: { ...config, dataDir: folder.dir }, store: shared.store, log, metrics });
  const source = { render: async () => ({ contentType: metrics.contentType, body: await metrics.render() }) };
  const health = await startHealthServer(config.worker.http, [shared.storeCheck, shared.clockCheck, { name: 'worker', check: () => Promise.resolve(worker.fault()) }], source);
  shared.report('worker', processName(), () => worker.fault());
  return {
    url: `http://${config.worker.http.host}:${health.port}`,
    broken: new Promise(() => undefined),
    async stop() {
      await worker.stop();
      await shared.close();
      await health.close();
      folder.release();
    },
  };
}
