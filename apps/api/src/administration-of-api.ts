import type { Provider } from '@nestjs/common';
import { controlPlaneDecider, controlPlaneKind } from '#administration/application/control-plane-kind.js';
import { Administration } from '#administration/application/act/administration.js';
import { RELYING_PARTY } from '#administration/application/ports/relying-party.port.js';
import type { RelyingPartyNow } from '#administration/application/ports/relying-party.port.js';
import { PROPOSAL_EXECUTOR, proposalKind } from '#administration/application/proposal-kind.js';
import { ADMINISTRATION_SETTINGS } from '#administration/application/settings.js';
import type { AdministrationSettings } from '#administration/application/settings.js';
import { proposalDecider } from '#administration/domain/proposals/proposals.js';
import { CONTROL_PLANE_PREFIX, controlPlaneStream } from '#administration/contract.js';
import type { ControlPlaneState } from '#administration/contract.js';
import type { CommandExecutor } from '#eventing/command-executor.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { StreamKind, StreamStates } from '#eventing/stream-states.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import type { Decider, DomainEvent } from '#kernel/decider.js';
import { WebAuthnRegistrar } from '#identity/adapters/proofs/webauthn-registrar.js';
import { PERSON_PREFIX, Sightings, WEBAUTHN_REGISTRATION } from '#identity/contract.js';
import type { ProofVerifier, TrustedIssuer } from '#identity/contract.js';
import { CONTROL_PLANE } from '#operations/contract.js';
import type { ControlPlane, OperationExecutor } from '#operations/contract.js';
import { POLICY_SOURCES } from '#policies/contract.js';
import type { PolicySources } from '#policies/contract.js';
import type { Config } from '#platform/config/config.js';
import { followedControlPlane } from './control-plane.js';
import { proposalsAsOperations } from './proposals-as-operations.js';

export interface AdministrationDeps {
  readonly config: Pick<Config, 'http' | 'administration'>;
  readonly issuers: readonly TrustedIssuer[];
  readonly store: EventStore;
  readonly deployment: string;
  readonly clock: TrustedClock;
  readonly operations: OperationExecutor;
  readonly verifier: ProofVerifier;
  /** How this process executes commands of a kind. */
  readonly executor: <C, E extends DomainEvent, S>(decider: Decider<C, E, S>, kind: StreamKind<E, S>) => CommandExecutor<C, E, S>;
}

export interface AdministrationOfApi {
  readonly controlPlane: ControlPlane;
  /** As it is followed; undefined while it has to be read anew. */
  plane(): ControlPlaneState | undefined;
  readonly states: readonly Pick<StreamStates<never, never>, 'doubt'>[];
  readonly prefixes: readonly string[];
  follow(event: RecordedEvent): void;
  /** What was seen of people before it began to follow. @throws StoreUnavailableError */
  readBack(): Promise<void>;
  readonly providers: readonly Provider[];
  readonly tokens: readonly (symbol | typeof Administration)[];
}

/** The control plane in the api: followed for what is shown, read anew for what is decided. */
export function administrationOfApi(parts: AdministrationDeps): AdministrationOfApi {
  const { config, issuers, store, deployment, clock, operations, verifier, executor } = parts;
  const stream = controlPlaneStream(deployment);
  const plane = executor(controlPlaneDecider, controlPlaneKind);
  const proposals = executor(proposalDecider, proposalKind);
  const sightings = new Sightings();
  const settings: AdministrationSettings = { stream, quorum: config.administration.quorum, issuers, sessionMaxMs: config.administration.sessionMaxMs };
  const controlPlane = followedControlPlane(plane.states, stream, sightings, config.http.publicUrl);
  const relying: RelyingPartyNow = () => controlPlane.relying;
  const sources: PolicySources = { resolve: async (source) => (await controlPlane.fresh()).resolve(source) };
  const proposed = proposalsAsOperations(operations, controlPlane, deployment);
  const administration = new Administration({ controlPlane: plane, operations: proposed, verifier, clock, settings });
  const provided: readonly [symbol | typeof Administration, unknown][] = [
    [CONTROL_PLANE, controlPlane], [PROPOSAL_EXECUTOR, proposals], [ADMINISTRATION_SETTINGS, settings], [RELYING_PARTY, relying],
    [WEBAUTHN_REGISTRATION, new WebAuthnRegistrar()], [Administration, administration], [POLICY_SOURCES, sources],
  ];
  return {
    controlPlane,
    plane: () => plane.states.cached(stream)?.state.plane,
    states: [plane.states, proposals.states],
    prefixes: [CONTROL_PLANE_PREFIX, PERSON_PREFIX],
    follow(event) {
      if (event.stream.startsWith(PERSON_PREFIX)) sightings.follow(event);
      else if (event.stream.startsWith(CONTROL_PLANE_PREFIX)) plane.states.offer(event);
    },
    async readBack() {
      await Promise.all([sightings.readBack(store, clock.now().closing), plane.states.refresh(stream)]);
    },
    providers: provided.map(([provide, useValue]) => ({ provide, useValue })),
    tokens: provided.map(([token]) => token),
  };
}
