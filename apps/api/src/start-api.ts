import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Beginning, ControlPlaneState } from '#administration/contract.js';
import { DEPLOYMENT } from '#eventing/deployment.js';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { FollowingAwaiter } from '#eventing/following-awaiter.js';
import { STREAM_AWAITER } from '#eventing/stream-awaiter.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { NO_TRACES } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import { tracedAwaiter } from '#eventing/traced-awaiter.js';
import { TracedCommandExecutor } from '#eventing/traced-command-executor.js';
import { TRUSTED_CLOCK, TrustedClock } from '#eventing/trusted-clock.js';
import { SqlTrailIndex } from '#evidence/adapters/projections/sql-trail-index.js';
import { TRAIL_INDEX } from '#evidence/application/ports/trail-index.port.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { VerifiedProofs } from '#identity/adapters/proofs/verified-proofs.js';
import { PROOF_VERIFIER, sightingDecider, sightingKind, SightingRecorder } from '#identity/contract.js';
import type { TrustedIssuer } from '#identity/contract.js';
import { SqlKeyList } from '#keys/adapters/projections/sql-key-list.js';
import { spkiToPem } from '#keys/adapters/spki/spki.js';
import { KeyGovernance } from '#keys/application/govern-keys/key-governance.js';
import { KEY_EXECUTOR, KEY_LIST, KEY_PREFIX, keyDecider, keyKind, keyStream, PUBLIC_KEY_PEM } from '#keys/contract.js';
import { SqlOperationList } from '#operations/adapters/projections/sql-operation-list.js';
import { SqlPastOperations } from '#operations/adapters/projections/sql-past-operations.js';
import { SqlApproverPairs } from '#operations/adapters/projections/sql-approver-pairs.js';
import { SqlOpenReviews } from '#operations/adapters/projections/sql-open-reviews.js';
import { SqlPendingOperations } from '#operations/adapters/projections/sql-pending-operations.js';
import { OPERATION_LIST } from '#operations/application/ports/operation-list.port.js';
import { PAST_OPERATIONS } from '#operations/application/ports/past-operations.port.js';
import { APPROVER_PAIRS } from '#operations/application/ports/approver-pairs.port.js';
import { OPEN_REVIEWS } from '#operations/application/ports/open-reviews.port.js';
import { PENDING_OPERATIONS } from '#operations/application/ports/pending-operations.port.js';
import { KEY_STATES, OPERATION_EXECUTOR, OPERATION_PREFIX, OPERATION_STATES, operationDecider, operationKind, operationStream, RefusalRecorder } from '#operations/contract.js';
import type { KeyStates, OperationExecutor, OperationStates } from '#operations/contract.js';
import type { Config } from '#platform/config/config.js';
import { AUTHENTICATOR } from '#platform/http/ports/authenticator.port.js';
import type { Authenticator } from '#platform/http/ports/authenticator.port.js';
import { HTTP_METRICS, METRICS_SOURCE } from '#platform/http/ports/metrics.port.js';
import type { HttpMetrics, MetricsSource } from '#platform/http/ports/metrics.port.js';
import { READINESS_WARNINGS } from '#platform/http/ports/readiness-warnings.port.js';
import { READINESS_CHECKS } from '#platform/http/ports/readiness-check.port.js';
import type { ReadinessCheck } from '#platform/http/ports/readiness-check.port.js';
import type { Log } from '#platform/logging/log.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import type { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import { openSnapshotStore } from '#platform/snapshots/snapshot-store.js';
import { countEvents } from '#platform/telemetry/count-events.js';
import { tellEmergencies } from '#platform/telemetry/tell-emergencies.js';
import type { MetricsRegistry } from '#platform/telemetry/create-metrics.js';
import { systemClock } from '#platform/time/system-clock.js';
import { SqlSignOrders } from '#signing/adapters/projections/sql-sign-orders.js';
import { SIGN_ORDER_LIST } from '#signing/application/ports/sign-order-list.port.js';
import { RESOLUTION_EXECUTOR } from '#signing/application/resolve-outcome/resolve-outcome.handler.js';
import { SIGN_ORDER_PREFIX, SIGNER_STATUS, signOrderKind, STARTED_ORDERS } from '#signing/contract.js';
import type { SignerStatus } from '#signing/contract.js';
import { resolutionDecider } from '#signing/domain/sign-order/resolve.js';
import { administrationOfApi } from './administration-of-api.js';
import { issuersInForce } from './begin-by-configuration.js';
import { requestGenesisKeys } from './genesis-keys.js';
import { warningsOfApi } from './readiness-warnings.js';
import { verifierInForce } from './verifier-in-force.js';
import { API_HANDLERS } from './handlers.js';
import { API_HTTP_MODULES } from './http/api-http.modules.js';
import { createHttpApp } from './http/create-http-app.js';
import type { HttpAppOptions } from './http/http-options.js';

/** How long, at the end of the process, a request may still wait for an event. With what threads need, it ends within 10 s. */
const WAITS_END_MS = 3_000;
/** Lines of the log about keys that take unproven orders. */
const MAX_NAMED_KEYS = 50;
/** Folded streams that are kept in memory, of operations and of keys each. */
const CACHED_STREAMS = 5_000;

export interface ApiParts {
  readonly config: Config;
  /** Which deployment it is, and its control plane at the start. */
  readonly beginning: Beginning;
  /** Trusted where no genesis says whom to trust. */
  readonly issuers: readonly TrustedIssuer[];
  /** Whether the signer is in this process. */
  readonly isOneProcess: boolean;
  readonly store: EventStore;
  /** The read model's rows, for reading, and how far they are. */
  readonly rows: ReadModelDatabase;
  readonly progress: ReadModelProgress;
  readonly signers: SignerStatus;
  readonly readiness: readonly ReadinessCheck[];
  readonly metrics: MetricsRegistry;
  readonly log: Log;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
  /** What a profile adds: providers with their controllers, and raw handlers under a path. */
  readonly extra?: { readonly module?: DynamicModule; readonly mounts?: NonNullable<HttpAppOptions['mounts']> };
}

export interface RunningApi {
  readonly app: NestFastifyApplication;
  /** Decides all that this process decides on operations. */
  readonly operations: OperationExecutor;
  /** Finishes what is in flight, then writes the refusals that were counted. */
  stop(): Promise<void>;
}

@Module({})
class ApiModule {}

/** The api of a process, listening. @throws StoreUnavailableError, and what listening throws (EADDRINUSE) */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { config, store, log, metrics, tracer = NO_TRACES } = parts;
  const stopping = new AbortController();
  const clock = new TrustedClock(systemClock);
  await clock.start(store);
  const snapshots = openSnapshotStore({ file: join(config.dataDir, 'api-snapshots.db') });
  const folding = { capacity: CACHED_STREAMS, snapshots, observe: clock.follow.bind(clock), read: (events: number) => metrics.streamEventsRead(events) };
  const observe = { conflict: () => metrics.appendConflict(), appended: (events: readonly NewEvent[]) => countEvents(metrics, events) };
  const aloud = { ...observe, appended: (events: readonly NewEvent[], stream: string) => (observe.appended(events), tellEmergencies(metrics, log, events, stream)) };
  const operations = new TracedCommandExecutor(tracer, store, operationDecider, new StreamStates(store, operationKind, folding), clock, aloud);
  const keys = new TracedCommandExecutor(tracer, store, keyDecider, new StreamStates(store, keyKind, folding), clock, observe);
  const resolutions = new TracedCommandExecutor(tracer, store, resolutionDecider, new StreamStates(store, signOrderKind, { capacity: 100, observe: folding.observe }), clock, observe);
  const refusals = new RefusalRecorder(operations, (error) => log.warn({ error }, 'a refusal could not be recorded'));
  const { deployment } = parts.beginning;
  const verifiedProofs = new VerifiedProofs(new CredentialProofVerifier());
  const administration = administrationOfApi({
    config, issuers: parts.issuers, store, deployment, clock, operations, verifier: verifiedProofs,
    executor: (decider, kind) => new TracedCommandExecutor(tracer, store, decider, new StreamStates(store, kind, folding), clock, observe),
  });
  const awaiter = new FollowingAwaiter({
    store,
    prefixes: [SIGN_ORDER_PREFIX, KEY_PREFIX, OPERATION_PREFIX, 'clock-', ...administration.prefixes],
    name: 'api',
    observe: metrics.subscription('api'),
    failed: (error) => {
      for (const states of [operations.states, keys.states, resolutions.states, ...administration.states]) states.doubt();
      log.warn({ error, subscription: 'api' }, 'the subscription broke');
    },
  });
  awaiter.onEvent((event: RecordedEvent) => {
    clock.follow(event);
    if (event.stream.startsWith(KEY_PREFIX)) keys.states.offer(event);
    else if (event.stream.startsWith(OPERATION_PREFIX)) operations.states.offer(event);
    else administration.follow(event);
  });
  metrics.queue('commands', () => operations.waiting + keys.waiting + resolutions.waiting);
  metrics.queue('waits', () => awaiter.waiting);
  const keyStates: KeyStates = { fresh: (keyId) => keys.states.fresh(keyStream(keyId)) };
  const operationStates: OperationStates = { load: (operationId) => operations.states.refresh(operationStream(operationId)) };
  const signOrders = new SqlSignOrders(parts.rows, parts.progress);
  const source: MetricsSource = { render: async () => ({ contentType: metrics.contentType, body: await metrics.render() }) };
  const httpMetrics: HttpMetrics = { observe: (method, route, status, seconds) => metrics.httpRequest(method, route, status, seconds), refused: (code) => metrics.refusal(code) };
  let { plane } = parts.beginning;
  // While it is read anew, the last that was known holds.
  const planeNow = (): ControlPlaneState => (plane = administration.plane() ?? plane);
  const verifier = verifierInForce(() => issuersInForce(planeNow(), parts.issuers), log);
  const keyList = new SqlKeyList(parts.rows, spkiToPem);
  const warnings = warningsOfApi({ config, isOneProcess: parts.isOneProcess, plane: planeNow, controlPlane: administration.controlPlane, keys: keyList, monotonic: () => systemClock.monotonic(), found: (keyIds) => keyIds.slice(0, MAX_NAMED_KEYS).forEach((keyId) => log.warn({ keyId }, 'orders of this key need no proof')) });
  // Behind the requests' back: what tokens say of people counts for a day (rule 23).
  const sightings = new SightingRecorder(new TracedCommandExecutor(NO_TRACES, store, sightingDecider, new StreamStates(store, sightingKind, { capacity: CACHED_STREAMS, observe: folding.observe }), clock, observe), clock, (error) => log.warn({ error }, 'what a token says of somebody could not be written down'));
  const authenticator: Authenticator = {
    async verify(authorization) {
      const principal = await verifier.verify(authorization);
      sightings.seen(principal);
      return principal;
    },
  };
  // The signer tells its own clock's jump a moment later: nothing is reserved by a clock that is not trusted here (rule 14).
  const jumped = (): string | undefined => {
    const fault = clock.jumped();
    return fault === undefined ? undefined : `clock: ${fault}`;
  };
  const signers: SignerStatus = { down: () => jumped() ?? parts.signers.down() };
  const clockCheck: ReadinessCheck = { name: 'clock', check: () => Promise.resolve(clock.jumped()) };
  const provided: readonly [symbol, unknown][] = [
    [EVENT_STORE, store], [TRUSTED_CLOCK, clock], [DEPLOYMENT, deployment], [STREAM_AWAITER, tracer === NO_TRACES ? awaiter : tracedAwaiter(awaiter, tracer)],
    [OPERATION_EXECUTOR, operations], [OPERATION_STATES, operationStates], [OPERATION_LIST, new SqlOperationList(parts.rows)], [PENDING_OPERATIONS, new SqlPendingOperations(parts.rows)], [OPEN_REVIEWS, new SqlOpenReviews(parts.rows)], [PAST_OPERATIONS, new SqlPastOperations(parts.rows)], [APPROVER_PAIRS, new SqlApproverPairs(parts.rows, parts.progress, store)],
    [KEY_EXECUTOR, keys], [KEY_STATES, keyStates], [KEY_LIST, keyList], [PUBLIC_KEY_PEM, spkiToPem],
    [RESOLUTION_EXECUTOR, resolutions], [SIGN_ORDER_LIST, signOrders], [STARTED_ORDERS, signOrders], [SIGNER_STATUS, signers], [TRAIL_INDEX, new SqlTrailIndex(parts.rows)],
    [PROOF_VERIFIER, verifiedProofs],
    [AUTHENTICATOR, authenticator], [METRICS_SOURCE, source], [HTTP_METRICS, httpMetrics], [READINESS_CHECKS, [...parts.readiness, clockCheck]], [READINESS_WARNINGS, warnings],
  ];
  const providers: Provider[] = [...provided.map(([provide, useValue]) => ({ provide, useValue })), { provide: RefusalRecorder, useValue: refusals }, ...administration.providers, ...API_HANDLERS];
  const module: DynamicModule = {
    module: ApiModule,
    global: true,
    imports: [CqrsModule.forRoot(), ...API_HTTP_MODULES, ...(parts.extra?.module === undefined ? [] : [parts.extra.module])],
    providers,
    exports: [...provided.map(([token]) => token), ...administration.tokens, RefusalRecorder, KeyGovernance],
  };
  const app = await createHttpApp(module, { http: config.http, log, tracer, mounts: parts.extra?.mounts ?? [] });
  // Handlers are registered by now: what is followed may cause commands.
  await awaiter.start(stopping.signal);
  await administration.readBack();
  await app.listen(config.http.port, config.http.host);
  for (const { code, detail } of await warnings.now()) log.warn({ code }, detail);
  const keysOfGenesis = requestGenesisKeys(parts.beginning.keys, deployment, app.get(CommandBus, { strict: false }), log, stopping.signal);
  return {
    app,
    operations,
    async stop() {
      // Orders under way get their outcome; who waits for a decision, or for an HSM that hangs, is answered with what there is.
      const grace = setTimeout(() => stopping.abort(), WAITS_END_MS);
      await app.close();
      clearTimeout(grace);
      await refusals.flush();
      await sightings.flush();
      stopping.abort();
      await keysOfGenesis;
      await awaiter.done();
      snapshots.close();
    },
  };
}
