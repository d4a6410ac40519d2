import { join } from 'node:path';
import { CommandExecutor } from '#eventing/command-executor.js';
import { followDurably } from '#eventing/durable-subscription.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { StreamStates } from '#eventing/stream-states.js';
import { NO_TRACES } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { KEY_PREFIX, keyDecider, keyKind } from '#keys/contract.js';
import { operationKind } from '#operations/contract.js';
import type { Config, HsmConfig } from '#platform/config/config.js';
import { openLedger } from '#platform/ledger/open-ledger.js';
import type { Log } from '#platform/logging/log.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { countEvents } from '#platform/telemetry/count-events.js';
import type { Metrics } from '#platform/telemetry/metrics.js';
import { systemClock } from '#platform/time/system-clock.js';
import { Pkcs11Hsm } from '#signing/adapters/pkcs11/pkcs11-hsm.js';
import { encodeSignature } from '#signing/adapters/signature-format/encode-signature.js';
import type { Hsm } from '#signing/application/ports/hsm.port.js';
import type { Ledger, LedgerSigner } from '#signing/application/ports/ledger.port.js';
import { KeyRegistrations } from '#signing/application/register-key/key-registrations.process.js';
import { REGISTRATION_LIMITS } from '#signing/application/register-key/attempt-registration.js';
import { RegistrationStreams } from '#signing/application/register-key/registration-streams.js';
import { Authority } from '#signing/application/sign/authority.js';
import { OrderStream } from '#signing/application/sign/order-stream.js';
import { SILENT_AFTER_MS } from '#signing/application/sign/recover.js';
import { Signer } from '#signing/application/sign/signer.js';
import { tracedHsm } from '#signing/application/sign/traced-hsm.js';
import type { SigningEvent } from '#signing/domain/sign-order/events.js';

/** States of operations and keys that the signer keeps in memory, each. */
const CACHED_STREAMS = 5_000;

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
  /** Why it does not sign; undefined when it does. */
  down(): string | undefined;
  openOrders(): number;
  /** Ends what was started; resolves when everything is closed. */
  stop(): Promise<void>;
}

/** The signer of a process: the only part that holds the PIN. @throws LedgerUnavailableError, LedgerNameTakenError, StoreUnavailableError */
export async function runSigner(parts: SignerParts): Promise<RunningSigner> {
  const { config, log } = parts;
  const ledger = await openLedger(config.signer.ledger);
  const hsm = openHsm(parts, ledger);
  return runSignerWith({ ...parts, ledger, hsm, sessions: parts.hsm.sessions, self: { name: config.signer.name, incarnation: randomId() }, snapshotFile: join(config.dataDir, `signer-${config.signer.name}-snapshots.db`) }, async () => {
    await hsm.close().catch((error: unknown) => log.warn({ error }, 'the token was not closed cleanly'));
    await ledger.close();
  });
}

export interface SignerInstance extends Omit<SignerParts, 'hsm' | 'config'> {
  readonly hsm: Hsm;
  /** Of the token: as many orders are taken at once. */
  readonly sessions: number;
  readonly ledger: Ledger;
  readonly self: LedgerSigner;
  readonly snapshotFile: string;
}

/** A signer over a token and a ledger that are open. @param closed called when it has stopped */
export async function runSignerWith({ hsm: token, tracer = NO_TRACES, sessions, ledger, self, snapshotFile, store, log, metrics }: SignerInstance, closed: () => Promise<void>): Promise<RunningSigner> {
  const hsm = tracer === NO_TRACES ? token : tracedHsm(token, tracer);
  const clock = new TrustedClock(systemClock);
  const stopping = new AbortController();
  const snapshots = openSnapshotStore({ file: snapshotFile });
  const follow = { observe: clock.follow.bind(clock), snapshots, capacity: CACHED_STREAMS, read: (events: number) => metrics.streamEventsRead(events) };
  const keys = new StreamStates(store, keyKind, follow);
  const authority = new Authority(new StreamStates(store, operationKind, follow), keys, clock);
  const stream = new OrderStream(store, clock, self.name, stopping.signal, (event) => countOutcome(metrics, event), tracer);
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => log.warn(fields, message);
  const registrations = new KeyRegistrations({
    keys: new CommandExecutor(store, keyDecider, keys, clock, { appended: (events) => countEvents(metrics, events) }),
    streams: new RegistrationStreams({ store, trusted: clock, signer: self, mayTakeOver: (name, incarnation) => silent(ledger, name, incarnation), signal: stopping.signal }),
    hsm,
    signer: self,
    clock: systemClock,
    signal: stopping.signal,
    limits: REGISTRATION_LIMITS,
    log: say,
  });
  const signer = new Signer({
    store,
    trustedClock: clock,
    concurrency: sessions,
    context: { signer: self, hsm, ledger, authority, stream, clock: systemClock, signal: stopping.signal, encode: encodeSignature, log: say },
  });
  await clock.start(store);
  await signer.start();
  const following = followDurably({
    store,
    name: 'key-registrations',
    prefixes: [KEY_PREFIX],
    after: undefined,
    signal: stopping.signal,
    handle: (events) => {
      for (const event of events) registrations.observe(event);
      return Promise.resolve();
    },
    caughtUp: () => registrations.caughtUp(),
    failed: (error, attempt) => log.warn({ error, attempt, subscription: 'key-registrations' }, 'the subscription broke'),
  });
  const sweeping = registrations.run();
  return {
    down: () => signer.down(),
    openOrders: () => signer.openOrders,
    async stop() {
      await signer.stop();
      stopping.abort();
      await Promise.all([following, sweeping]);
      snapshots.close();
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

/** Rule 9, for registrations: another signer's lock is free when that signer has been silent. */
async function silent(ledger: Ledger, name: string, incarnation: string): Promise<boolean> {
  const heard = (await ledger.heartbeats()).filter((h) => h.name === name && h.incarnation === incarnation);
  return heard.every((h) => h.silentMs > SILENT_AFTER_MS);
}

function countOutcome(metrics: Metrics, event: SigningEvent): void {
  metrics.appended(1);
  switch (event.type) {
    case 'signing.completed.v1':
      metrics.signOrderEnded('completed');
      metrics.signatures(event.data.signatures.length);
      break;
    case 'signing.failed.v1':
      metrics.signOrderEnded('failed');
      break;
    case 'signing.halted.v1':
      metrics.signOrderEnded('halted');
      break;
    case 'signing.outcome-unknown.v1':
      metrics.signOrderEnded('outcome-unknown');
      break;
    default:
  }
}
