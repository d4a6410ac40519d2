import { CommandExecutor } from '#eventing/command-executor.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import { derivedId, randomId } from '#eventing/ids.js';
import { StreamStates } from '#eventing/stream-states.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { canonicalDigest } from '#identity/contract.js';
import type { Principal, Role } from '#identity/contract.js';
import type { SignedDecision } from '../../domain/control-plane/act.js';
import { Administration } from '../act/administration.js';
import type { ActOutcome } from '../act/administration.js';
import type { ControlPlaneExecutor } from '../control-plane-executor.js';
import { controlPlaneDecider, controlPlaneKind } from '../control-plane-kind.js';
import type { ApprovedAct, ApprovedActs } from '../ports/approved-acts.port.js';
import type { ActProposal, ProposeOperation } from '../ports/propose-operation.port.js';
import type { AdministrationSettings } from '../settings.js';
import { DEPLOYMENT } from './chain-world.js';
import { OPERATION_ENDS, requestText } from './request-text.js';
import { ISSUER, TestProofVerifier } from './signing-person.js';

export const NOON = Date.parse('2026-11-20T12:00:00.000Z');
export const principal = (subject: string, ...roles: readonly Role[]): Principal => ({ issuer: ISSUER, subject, name: null, roles: roles.length === 0 ? ['administrator'] : roles, groups: [], claims: {} });

/** Operations that a test approves: they keep what was proposed, and nothing else. */
export class FakeOperations implements ProposeOperation, ApprovedActs {
  readonly proposed = new Map<string, { readonly proposal: ActProposal; readonly by: Principal; decisions: readonly SignedDecision[] }>();
  propose(meta: CommandMeta, by: Principal, proposal: ActProposal): Promise<{ readonly operationId: string }> {
    const operationId = derivedId('operation', meta.commandId);
    if (!this.proposed.has(operationId)) this.proposed.set(operationId, { proposal, by, decisions: [] });
    return Promise.resolve({ operationId });
  }
  hasProposed = ({ commandId }: CommandMeta): Promise<boolean> => Promise.resolve(this.proposed.has(derivedId('operation', commandId)));
  statement(operationId: string): string {
    const { proposal, by } = this.only(operationId);
    return requestText({ deployment: DEPLOYMENT, operationId, requestedBy: { issuer: by.issuer, subject: by.subject }, act: proposal.act });
  }
  approve(operationId: string, decisions: readonly SignedDecision[]): void {
    this.only(operationId).decisions = decisions;
  }
  find(operationId: string): Promise<ApprovedAct | undefined> {
    const found = this.proposed.get(operationId);
    if (found === undefined || found.decisions.length === 0) return Promise.resolve(undefined);
    const { issuer, subject } = found.by;
    return Promise.resolve({ operationId, act: found.proposal.act, by: { issuer, subject }, statement: this.statement(operationId), expiresAt: OPERATION_ENDS, decisions: found.decisions });
  }
  only(operationId: string): { readonly proposal: ActProposal; readonly by: Principal; decisions: readonly SignedDecision[] } {
    const found = this.proposed.get(operationId);
    if (found === undefined) throw new Error(`${operationId} was not proposed`);
    return found;
  }
}

/** What one process has of administration over a store. */
export class AdministrationBench {
  wall = NOON;
  readonly clock = new TrustedClock({ wall: () => this.wall, monotonic: () => this.wall });
  readonly controlPlane: ControlPlaneExecutor;
  readonly operations = new FakeOperations();
  readonly administration: Administration;
  readonly settings: AdministrationSettings;

  constructor(quorum = 1, readonly store: EventStore = new MemoryEventStore()) {
    this.settings = { stream: `controlPlane-${DEPLOYMENT}`, quorum, sessionMaxMs: 8 * 3_600_000, issuers: [] };
    this.controlPlane = new CommandExecutor(store, controlPlaneDecider, new StreamStates(store, controlPlaneKind, { capacity: 10 }), this.clock);
    this.administration = new Administration({ controlPlane: this.controlPlane, operations: this.operations, verifier: new TestProofVerifier(), clock: this.clock, settings: this.settings });
  }

  act(by: Principal, method: string, path: string, body: unknown = {}, { key = null, proof = null }: { readonly key?: string | null; readonly proof?: string | null } = {}): Promise<ActOutcome> {
    return this.administration.act(metaOf(by, `${method} ${path}`, key, body), by, { method, path, body, proof });
  }
  async events(): Promise<readonly RecordedEvent[]> {
    return this.store.readStream(this.settings.stream, { limit: 1_000 });
  }
  async types(): Promise<readonly string[]> {
    return (await this.events()).map((e) => e.type.replace('administration.', '').replace('.v1', ''));
  }
}

export const metaOf = ({ issuer, subject }: Principal, call: string, key: string | null, body: unknown): CommandMeta => ({
  commandId: key === null ? randomId() : derivedId(issuer, subject, call, key), keyed: key !== null, actor: { issuer, subject }, bodyDigest: canonicalDigest(body), requestId: null,
});
