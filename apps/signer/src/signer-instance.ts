import { CommandExecutor } from '#eventing/command-executor.js';
import { awaitDeployment, deploymentId } from '#eventing/deployment.js';
import { followDurably, pause } from '#eventing/durable-subscription.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { refuseSealed } from '#eventing/sealed-store.js';
import { StreamStates } from '#eventing/stream-states.js';
import { NO_TRACES } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { VerifiedProofs } from '#identity/adapters/proofs/verified-proofs.js';
import { KEY_PREFIX, keyDecider, keyKind } from '#keys/contract.js';
import type { ReadinessWarning } from '#platform/http/ports/readiness-warnings.port.js';
import type { Log } from '#platform/logging/log.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { countEvents } from '#platform/telemetry/count-events.js';
import type { Metrics } from '#platform/telemetry/metrics.js';
import { systemClock } from '#platform/time/system-clock.js';
import { encodeSignature } from '#signing/adapters/signature-format/encode-signature.js';
import type { Hsm } from '#signing/application/ports/hsm.port.js';
import type { Ledger, LedgerSigner } from '#signing/application/ports/ledger.port.js';
import { bindKeys } from '#signing/application/bind-keys/bind-keys.process.js';
import type { BindKeysContext } from '#signing/application/bind-keys/bind-keys.process.js';
import { KeyRegistrations } from '#signing/application/register-key/key-registrations.process.js';
import { REGISTRATION_LIMITS } from '#signing/application/register-key/attempt-registration.js';
import { RegistrationStreams } from '#signing/application/register-key/registration-streams.js';
import { evidenceKind } from '#signing/application/gate/evidence.js';
import { openGate } from '#signing/application/gate/open-gate.js';
import { Authority } from '#signing/application/sign/authority.js';
import { OrderStream } from '#signing/application/sign/order-stream.js';
import { RememberedEvents } from '#signing/application/sign/remembered-events.js';
import { Signer } from '#signing/application/sign/signer.js';
import { tracedHsm } from '#signing/application/sign/traced-hsm.js';
import { Turns } from '#signing/application/sign/turns.js';
import { takeRevocation } from '#signing/application/gate/take-revocation.js';
import { countOutcome } from './count-outcome.js';
import { watchInbox } from './revocation-inbox.js';

/** How often a signer looks for permitted keys whose pair was not bound. */
const BIND_PAUSE_MS = 1_000;
/** States of operations and keys that the signer keeps in memory, each. */
const CACHED_STREAMS = 5_000;

export interface SignerInstance {
  readonly store: EventStore;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
  readonly hsm: Hsm;
  /** Of the token: as many orders are taken at once. */
  readonly sessions: number;
  readonly ledger: Ledger;
  readonly self: LedgerSigner;
  readonly snapshotFile: string;
  /** Origin and path under which people reach the service, where no genesis says it. */
  readonly publicUrl: string;
  /** Digest of the genesis, as the configuration pins it; null: none, and then the promise of rule 22 is not given. */
  readonly genesis: string | null;
  /** Folder for signed revocations; null or left out: none is looked at. */
  readonly inboxDir?: string | null;
}

export interface RunningInstance {
  down(): string | undefined;
  warning(): ReadinessWarning | undefined;
  openOrders(): number;
  tokenSerial(): string | undefined;
  stop(): Promise<void>;
}

/**
 * One signer from its beginning to its end, with nothing in memory of any other.
 * @param resumed called once, when the store that lay behind the ledger may be signed upon: this one has to be stopped, and another to be begun (rule 17)
 * @throws SealedStoreError, LedgerNameTakenError, StoreUnavailableError, LedgerUnavailableError
 */
export async function startInstance({ hsm: token, tracer = NO_TRACES, sessions, ledger, self, snapshotFile, publicUrl, genesis, inboxDir = null, store, log, metrics }: SignerInstance, resumed: () => void): Promise<RunningInstance> {
  await refuseSealed(store);
  const hsm = tracer === NO_TRACES ? token : tracedHsm(token, tracer);
  const clock = new TrustedClock(systemClock);
  const stopping = new AbortController();
  await clock.start(store);
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => log.warn(fields, message);
  const { hostname, origin } = new URL(publicUrl);
  const verifier = new VerifiedProofs(new CredentialProofVerifier());
  // Its id is that of the genesis, which an api lays.
  const deployment = await (genesis === null ? deploymentId(store, clock.written()) : awaitDeployment(store));
  const gate = await openGate({ store, ledger, clock: systemClock, trusted: clock, verifier, deployment, genesis, relying: { rpId: hostname, origin }, log: say });
  const snapshots = openSnapshotStore({ file: snapshotFile });
  const follow = { observe: clock.follow.bind(clock), snapshots, capacity: CACHED_STREAMS, read: (events: number) => metrics.streamEventsRead(events) };
  const keys = new StreamStates(store, keyKind, follow);
  const operations = new StreamStates(store, evidenceKind, follow);
  const authority = new Authority(operations, keys, clock, gate);
  const remembered = new RememberedEvents(store, ledger, systemClock);
  const turns = new Turns(self, () => {
    const status = hsm.status();
    return status.state === 'ready' ? status.tokenSerial : undefined;
  });
  const stream = new OrderStream(store, clock, self.name, stopping.signal, (event) => countOutcome(metrics, event), tracer);
  const signer = new Signer({
    store,
    trustedClock: clock,
    concurrency: sessions,
    observe: metrics.subscription('sign-orders'),
    turns,
    resumed,
    context: { signer: self, hsm, ledger, authority, remembered, stream, clock: systemClock, signal: stopping.signal, encode: encodeSignature, log: say },
  });
  const registrations = new KeyRegistrations({
    keys: new CommandExecutor(store, keyDecider, keys, clock, { appended: (events) => countEvents(metrics, events) }),
    streams: new RegistrationStreams({ store, trusted: clock, signer: self, mayTakeOver: (name, _incarnation, at) => signer.isGone(name, at), signal: stopping.signal }),
    hsm,
    signer: self,
    clock: systemClock,
    signal: stopping.signal,
    limits: REGISTRATION_LIMITS,
    held: () => signer.isBehind(),
    alone: () => turns.alone,
    log: say,
  });
  try {
    await signer.start();
  } catch (error) {
    await signer.stop();
    stopping.abort();
    snapshots.close();
    throw error;
  }
  const following = followDurably({
    store,
    name: 'key-registrations',
    observe: metrics.subscription('key-registrations'),
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
  const binding = bindAll({ store, plane: gate.deps.plane, keys, hsm, notes: gate.deps.notes, signer: self, clock, log: say }, () => signer.down() !== undefined, stopping.signal);
  const inbox = inboxDir === null ? Promise.resolve() : watchInbox(inboxDir, (jws) => takeRevocation(jws, { ...gate.deps, operations }), log, stopping.signal);
  return {
    down: () => signer.down(),
    warning: () => gate.deps.plane.warning(),
    openOrders: () => signer.openOrders,
    tokenSerial: () => turns.tokenSerial,
    async stop() {
      await signer.stop();
      stopping.abort();
      await Promise.all([following, sweeping, binding, inbox]);
      snapshots.close();
    },
  };
}

/** Until the signal aborts. While the signer is down nothing is bound. Never rejects. */
async function bindAll(context: BindKeysContext, held: () => boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!held()) await bindKeys(context).catch((error: unknown) => context.log({ error }, 'key pairs could not be bound; it is tried again'));
    await pause(BIND_PAUSE_MS, signal);
  }
}
