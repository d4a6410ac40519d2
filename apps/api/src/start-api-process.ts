import type { Config } from '#platform/config/config.js';
import { claimOwnFolder } from '#platform/data-folder/own-folder.js';
import type { Log } from '#platform/logging/log.js';
import type { RunningProcess } from '#platform/process/run-process.js';
import { openSharedProcess, processName } from '#platform/process/shared-process.js';
import { followProgress } from '#platform/read-model/follow-progress.js';
import { openReadModelReader } from '#platform/read-model/open-read-model.js';
import { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { beginByConfiguration } from './begin-by-configuration.js';
import { startApi } from './start-api.js';

/** An api as a process of its own, any number of them. @throws what its stores and listening throw */
export async function startApiProcess(config: Config, log: Log): Promise<RunningProcess> {
  const metrics = createMetrics();
  const shared = await openSharedProcess(config, log, { service: 'api', metrics });
  const beginning = await beginByConfiguration(config, shared.store);
  const folder = claimOwnFolder(config.dataDir, 'api');
  const stopping = new AbortController();
  const rows = await openReadModelReader(config);
  const progress = new ReadModelProgress();
  const following = followProgress(rows, progress, stopping.signal, (error) => log.warn({ error }, 'how far the read model is could not be read'));
  const { peers } = shared;
  const api = await startApi({
    config: { ...config, dataDir: folder.dir },
    beginning,
    issuers: config.identity.issuers,
    isOneProcess: false,
    store: shared.store,
    rows,
    progress,
    signers: { down: () => peers.down('signer') },
    readiness: [
      shared.storeCheck,
      shared.clockCheck,
      { name: 'worker', check: () => Promise.resolve(peers.down('worker') ?? (progress.state.caughtUp ? undefined : 'the read model has not caught up')) },
      { name: 'signer', check: () => Promise.resolve(peers.down('signer')) },
    ],
    metrics,
    log,
    tracer: shared.tracer,
  });
  shared.report('api', processName(), () => undefined);
  return {
    url: config.http.publicUrl,
    broken: new Promise(() => undefined),
    async stop() {
      await api.stop();
      stopping.abort();
      await following;
      await rows.close();
      await shared.close();
      folder.release();
    },
  };
}
