import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { openHsm, runSignerWith } from '#apps/signer/src/run-signer.js';
import type { RunningSigner } from '#apps/signer/src/run-signer.js';
import { serveThread } from '#apps/standalone/src/threads/serve-thread.js';
import type { SignerReport, SignerThreadData } from '#apps/standalone/src/threads/thread-protocol.js';
import { randomId } from '#eventing/ids.js';
import { connectEventStore } from '#platform/event-store/open-event-store.js';
import { openLedger } from '#platform/ledger/open-ledger.js';
import { createLogger } from '#platform/logging/create-logger.js';
import { answerMetrics, createMetrics } from '#platform/telemetry/create-metrics.js';
import { gatedLedger, gatedStore } from './gated.js';
import { Gates } from './gates.js';

// The signer thread of a service under test: one or several signers over one log and one ledger, each behind gates of its own.
// `start NAME` in the control file starts one more.
const LOOK_MS = 20;
const { config, hsm: hsmConfig, store: ticket, metrics: metricsPort } = workerData as SignerThreadData;
const log = createLogger({ name: 'signer' });
const metrics = createMetrics({ process: false });
answerMetrics(metricsPort, metrics);
const gates = new Gates(process.env);

await serveThread<SignerReport>(
  async () => {
    const { store, close } = await connectEventStore(ticket);
    const ledger = await openLedger(config.signer.ledger);
    const signers = new Map<string, Promise<RunningSigner>>();
    const running: RunningSigner[] = [];
    const start = async (name: string): Promise<RunningSigner> => {
      const own = gatedLedger(ledger, name, gates);
      const hsm = openHsm({ hsm: hsmConfig, log, metrics }, own);
      const snapshotFile = join(config.dataDir, `signer-${name}-snapshots.db`);
      const signer = await runSignerWith({ hsm, sessions: hsmConfig.sessions, ledger: own, self: { name, incarnation: randomId() }, snapshotFile, publicUrl: config.http.publicUrl, genesis: null, store: gatedStore(store, name, gates), log, metrics }, () => hsm.close());
      running.push(signer);
      return signer;
    };
    const begin = (name: string): Promise<RunningSigner> => {
      const there = signers.get(name) ?? start(name);
      signers.set(name, there);
      return there;
    };
    await begin(config.signer.name);
    const timer = setInterval(() => {
      for (const name of gates.orders('start')) begin(name).catch((error: unknown) => log.error({ signer: name, error }, 'a signer could not start'));
    }, LOOK_MS);
    return {
      report: () => {
        const downs = running.map((signer) => signer.down());
        return { down: downs.includes(undefined) ? undefined : downs[0], openOrders: running.reduce((sum, signer) => sum + signer.openOrders(), 0) };
      },
      async stop() {
        clearInterval(timer);
        await Promise.all(running.map((signer) => signer.stop()));
        await ledger.close();
        await close();
        log.flush();
      },
    };
  },
  (before, now) => before.down !== now.down,
);
