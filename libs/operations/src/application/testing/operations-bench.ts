import { CommandExecutor } from '#eventing/command-executor.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId, randomId } from '#eventing/ids.js';
import { StreamStates } from '#eventing/stream-states.js';
import type { Folded } from '#eventing/stream-states.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Principal, ProofVerifier } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { ApproverPairs } from '../ports/approver-pairs.port.js';
import type { ControlPlane, ControlPlaneView } from '../ports/control-plane.port.js';
import { initialKey } from '#keys/contract.js';
import type { KeyState } from '#keys/contract.js';
import { operationDecider } from '../../domain/operation/decide.js';
import { operationStream } from '../../streams.js';
import type { OperationExecutor } from '../operation-executor.js';
import { operationKind } from '../operation-kind.js';
import type { KeyStates } from '../ports/key-states.port.js';
import type { OperationRequest } from '../request-operation/request-operation.command.js';

export const NOON = Date.parse('2026-11-20T12:00:00.000Z');
export const ISSUER = 'https://idp.example';
export const principal = (subject: string, over: Partial<Principal> = {}): Principal => ({ issuer: ISSUER, subject, name: `Name of ${subject}`, roles: ['approver'], groups: ['fw'], claims: { repository: 'acme/fw' }, ...over });
export const ORDERER = principal('orderer1', { roles: ['orderer'], groups: [] });
export const TWO_OF_FW = { type: 'approvers', count: 2, group: 'fw', role: 'approver' } as const;

/** A request's metadata, its commandId derived as the api does it (rule 3). */
export const metaOf = ({ issuer, subject }: Principal, path: string, idempotencyKey: string | null = null, bodyDigest = 'body'): CommandMeta => ({
  commandId: idempotencyKey === null ? randomId() : derivedId(issuer, subject, path, idempotencyKey), keyed: idempotencyKey !== null, actor: { issuer, subject }, bodyDigest, requestId: null,
});

/** Keys as a test sets them. */
export class FakeKeys implements KeyStates {
  readonly states = new Map<string, KeyState>();
  readonly asked: string[] = [];
  set(keyId: string, over: Partial<KeyState> = {}): void {
    this.states.set(keyId, { ...initialKey, keyId, status: 'enabled', publicKeySha256: `${keyId}-spki`, ...this.states.get(keyId), ...over });
  }
  fresh(keyId: string): Promise<Folded<KeyState>> {
    this.asked.push(keyId);
    const state = this.states.get(keyId);
    return Promise.resolve({ state: state ?? initialKey, revision: state === undefined ? -1 : 0, eventId: null, at: null, answers: new Map(), doubts: 0 });
  }
  known(): Promise<Folded<KeyState>> {
    return Promise.reject(new Error('rule 13: a request reads its keys fresh'));
  }
}

/** A control plane in which nothing was ever said, unless the test says it. */
export const plane = (over: Partial<ControlPlaneView> = {}): ControlPlane => {
  const view: ControlPlaneView = {
    directory: NOBODY_KNOWN,
    resolve: (source) => {
      if ('type' in source || 'tree' in source) return [{ policy: source, name: null, version: null, level: null }];
      throw new DomainError('POLICY_NOT_FOUND', 'there is no such policy');
    },
    sessionNames: () => false,
    mutualWithinDays: 0,
    ...over,
  };
  return { fresh: () => Promise.resolve(view), known: () => view, relying: { audience: 'https://countersign.example', rpId: 'countersign.example', origin: 'https://countersign.example' } };
};
/** Nobody approved for anybody. */
export const NO_PAIRS: ApproverPairs = { approversOf: () => Promise.resolve([]), pairs: () => Promise.resolve([]) };
/** Whoever verifies nothing was asked to. */
export const NO_VERIFIER: ProofVerifier = { decision: () => Promise.reject(new Error('nothing is verified here')), jws: () => Promise.reject(new Error('nothing is verified here')) };

/** What one process has over a store, at a time that the test sets. */
export class Bench {
  wall = NOON;
  readonly clock = new TrustedClock({ wall: () => this.wall, monotonic: () => this.wall });
  readonly keys = new FakeKeys();
  readonly operations: OperationExecutor;
  constructor(readonly store: EventStore = new MemoryEventStore()) {
    this.operations = new CommandExecutor(store, operationDecider, new StreamStates(store, operationKind, { capacity: 100 }), this.clock);
  }
  events(operationId: string): Promise<readonly RecordedEvent[]> {
    return this.store.readStream(operationStream(operationId), { limit: 10_000 });
  }
}

export const requestOf = (over: Partial<OperationRequest> = {}): OperationRequest => ({
  keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 3 }], description: 'Release', approverContext: null, validMs: 3_600_000, notBefore: null, binding: null, ...over,
});
