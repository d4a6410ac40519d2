import { MessageChannel } from 'node:worker_threads';
import { beginByConfiguration } from '#apps/api/src/begin-by-configuration.js';
import { startApi } from '#apps/api/src/start-api.js';
import { randomId } from '#eventing/ids.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { refuseSealed } from '#eventing/sealed-store.js';
import type { Config, HsmConfig } from '#platform/config/config.js';
import { lockDataFolder } from '#platform/data-folder/data-folder.js';
import { openEventStore } from '#platform/event-store/open-event-store.js';
import type { Log } from '#platform/logging/log.js';
import { storeCheck } from '#platform/process/shared-process.js';
import { followProgress } from '#platform/read-model/follow-progress.js';
import { openReadModelReader } from '#platform/read-model/open-read-model.js';
import { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { timedCalls } from '#platform/telemetry/timed-calls.js';
import { openTracing, tracingOf } from '#platform/tracing/open-tracing.js';
import { settleBy } from '#signing/application/settle-uses/settle-uses.process.js';
import type { SignerStatus } from '#signing/contract.js';
import { developmentParts } from './development-parts.js';
import { OwnedThread } from './threads/owned-thread.js';
import { serveSettlements } from './threads/settle-port.js';
import type { SignerReport, SignerThreadData, WorkerReport, WorkerThreadData } from './threads/thread-protocol.js';

/** SIGTERM is answered within 10 s: threads that take longer are cut off, what they left is recovered at the next start. */
const THREAD_STOP_MS = 4_000;

export interface RunningStandalone {
  readonly url: string;
  /** Resolves with the reason when a part ended that the others can't do without. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

export interface ThreadModules {
  /** Path from the repository's root without extension. */
  readonly signer?: string;
  /** What stands between the api's thread and its event store. */
  readonly store?: (own: EventStore) => EventStore;
}

/**
 * api, worker and signer in one process as the configuration names their stores. The thread that serves HTTP waits for no disk and no HSM: the log's writer, the
 * projections and the signer with its ledger have threads of their own.
 * @param threads what runs in place of a thread's own module, or before it
 * @throws DataFolderLockedError, StoreUnavailableError, SealedStoreError, ThreadStartError, and what listening throws
 */
export async function startStandalone(config: Config, hsm: HsmConfig, log: Log, { signer: signerModule = 'apps/standalone/src/threads/signer.worker', store: before = (own) => own }: ThreadModules = {}): Promise<RunningStandalone> {
  const lock = lockDataFolder(config.dataDir);
  const metrics = createMetrics();
  const eventLog = await openEventStore(config);
  // Before any part runs: nothing is written behind a seal.
  await refuseSealed(eventLog.store);
  const beginning = await beginByConfiguration(config, eventLog.store);
  const progress = new ReadModelProgress();
  // Rows that others may write too tell themselves how far they are.
  const toldByRows = config.readModel.kind === 'postgres';
  const stopping = new AbortController();
  const settlements = new MessageChannel();
  const workerData: WorkerThreadData = { config, store: eventLog.ticket(), metrics: metrics.portFor('worker'), settlements: settlements.port2 };
  const worker = new OwnedThread<WorkerReport>('worker', 'apps/standalone/src/threads/worker.worker', workerData, ({ state }) => void (toldByRows || progress.update(state)), [settlements.port2]);
  const signerData: SignerThreadData = { config, hsm, store: eventLog.ticket(), metrics: metrics.portFor('signer') };
  const signer = new OwnedThread<SignerReport>('signer', signerModule, signerData);
  await Promise.all([worker.started, signer.started]);

  const rows = await openReadModelReader(config);
  const following = toldByRows ? followProgress(rows, progress, stopping.signal, (error) => log.warn({ error }, 'how far the read model is could not be read')) : undefined;
  const signers: SignerStatus = { down: () => signer.silence() ?? signer.last?.down };
  const dev = await developmentParts(config, log);
  const tracing = await openTracing(tracingOf({ service: 'api', incarnation: randomId(), otlpEndpoint: config.telemetry.otlpEndpoint }, metrics, log));
  const api = await startApi({
    config,
    beginning,
    isOneProcess: true,
    issuers: [...config.identity.issuers, ...(dev === undefined ? [] : [dev.issuer])],
    store: timedCalls(before(eventLog.store), metrics.store.call),
    rows,
    progress,
    signers,
    readiness: [
      storeCheck(eventLog.store),
      { name: 'worker', check: () => Promise.resolve(worker.silence() ?? worker.last?.fault ?? (progress.state.caughtUp ? undefined : 'the read model has not caught up')) },
      { name: 'signer', check: () => Promise.resolve(signers.down()), warning: () => signer.last?.warning },
    ],
    metrics,
    log,
    tracer: tracing.tracer,
    ...(dev === undefined ? {} : { extra: { module: dev.module, mounts: dev.mounts } }),
  });
  serveSettlements(settlements.port1, settleBy(api.operations), (error) => log.warn({ error, subscription: 'settle-uses' }, 'ends of orders could not be booked; they are tried again'));
  // Where a genesis was laid, keys are its matter.
  if (beginning.plane.genesis === null) await dev?.ready(api.app);
  const broken = Promise.race([eventLog.failed.then((e) => `the event log ended: ${e.message}`), worker.ended.then(() => 'the worker ended'), signer.ended.then(() => 'the signer ended')]);
  return {
    url: config.http.publicUrl,
    broken,
    async stop() {
      await api.stop();
      await tracing.close();
      await Promise.all([signer.stop(THREAD_STOP_MS), worker.stop(THREAD_STOP_MS)]);
      stopping.abort();
      await following;
      await rows.close();
      await eventLog.close();
      lock.release();
    },
  };
}
