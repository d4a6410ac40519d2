import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { Tracer } from '#eventing/trace.port.js';
import type { Config, HsmConfig } from '#platform/config/config.js';
import type { ReadinessWarning } from '#platform/http/ports/readiness-warnings.port.js';
import { openLedger } from '#platform/ledger/open-ledger.js';
import type { Log } from '#platform/logging/log.js';
import type { Metrics } from '#platform/telemetry/metrics.js';
import { timedCalls } from '#platform/telemetry/timed-calls.js';
import { Pkcs11Hsm } from '#signing/adapters/pkcs11/pkcs11-hsm.js';
import type { Hsm } from '#signing/application/ports/hsm.port.js';
import type { Ledger } from '#signing/application/ports/ledger.port.js';
import { inboxFolder } from './revocation-inbox.js';
import { startInstance } from './signer-instance.js';
import type { RunningInstance, SignerInstance } from './signer-instance.js';

/** Between attempts to begin anew, where the store or the ledger does not answer. */
const BEGIN_PAUSE_MS = 2_000;

export interface SignerParts {
  readonly config: Config;
  readonly hsm: HsmConfig;
  readonly store: EventStore;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
}

export interface RunningSigner {
  /** Why it does not sign, fit for people; undefined when it does. */
  down(): string | undefined;
  /** What it does not promise, fit for people; undefined: it promises all. */
  warning(): ReadinessWarning | undefined;
  openOrders(): number;
  /** Serial of its token, as it was last ready; undefined before. */
  tokenSerial(): string | undefined;
  /** Ends what was started; resolves when everything is closed. */
  stop(): Promise<void>;
}

/** The signer of a process: the only part that holds the PIN. @throws SealedStoreError, LedgerUnavailableError, LedgerNameTakenError, StoreUnavailableError */
export async function runSigner(parts: SignerParts): Promise<RunningSigner> {
  const { config, log, metrics } = parts;
  const ledger = timedCalls<Ledger>(await openLedger(config.signer.ledger), metrics.ledger.call);
  const hsm = openHsm(parts, ledger);
  return runSignerWith({ ...parts, ledger, hsm, sessions: parts.hsm.sessions, self: { name: config.signer.name, incarnation: randomId() }, snapshotFile: join(config.dataDir, `signer-${config.signer.name}-snapshots.db`), publicUrl: config.http.publicUrl, genesis: config.genesis.digest, inboxDir: inboxFolder(config.dataDir) }, async () => {
    await hsm.close().catch((error: unknown) => log.warn({ error }, 'the token was not closed cleanly'));
    await ledger.close();
  });
}

/**
 * A signer over a token and a ledger that are open. When the store lay behind its ledger and may be signed upon again, it begins anew, as another incarnation.
 * @param closed called when it has stopped, or could not start
 */
export async function runSignerWith(instance: SignerInstance, closed: () => Promise<void>): Promise<RunningSigner> {
  const stopping = new AbortController();
  let renewing: Promise<void> = Promise.resolve();
  let current: RunningInstance | undefined;
  const renew = (): void => {
    renewing = renewing.then(() => beginAnew()).catch((error: unknown) => instance.log.error({ error }, 'the signer could not begin anew'));
  };
  const beginAnew = async (): Promise<void> => {
    const last = current;
    current = undefined;
    await last?.stop();
    while (!stopping.signal.aborted) {
      try {
        current = await startInstance({ ...instance, self: { ...instance.self, incarnation: randomId() } }, renew);
        return;
      } catch (error) {
        instance.log.warn({ error }, 'the signer can not begin yet');
        await pause(BEGIN_PAUSE_MS, stopping.signal);
      }
    }
  };
  try {
    current = await startInstance(instance, renew);
  } catch (error) {
    await closed();
    throw error;
  }
  instance.metrics.queue('open-sign-orders', () => current?.openOrders() ?? 0);
  return {
    down: () => (current === undefined ? 'the signer begins anew' : current.down()),
    warning: () => current?.warning(),
    openOrders: () => current?.openOrders() ?? 0,
    tokenSerial: () => current?.tokenSerial(),
    async stop() {
      stopping.abort();
      await renewing;
      await current?.stop();
      await closed();
    },
  };
}

/** Opened in the background: a token that is not there, or a PIN that is wrong, is a state that readiness tells, no reason not to start. */
export function openHsm({ hsm: config, log, metrics }: Pick<SignerParts, 'hsm' | 'log' | 'metrics'>, ledger: Ledger): Hsm {
  const hsm = new Pkcs11Hsm({
    module: config.module,
    ...(config.tokenLabel === null ? {} : { tokenLabel: config.tokenLabel }),
    ...(config.tokenSerial === null ? {} : { tokenSerial: config.tokenSerial }),
    pin: config.pin,
    sessions: config.sessions,
    failedPins: { isFailed: (pin) => ledger.isFailedPin(pin), remember: (pin) => ledger.rememberFailedPin(pin) },
    metrics: metrics.hsm,
    log,
  });
  hsm.open().catch((error: unknown) => log.error({ error }, 'the token could not be opened'));
  return hsm;
}
