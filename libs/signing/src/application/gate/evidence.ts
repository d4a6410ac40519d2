import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { StreamKind, StreamStates } from '#eventing/stream-states.js';
import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { StandIn } from '#identity/contract.js';
import { operationKind } from '#operations/contract.js';
import type { GivenProof, OperationEvent, OperationState } from '#operations/contract.js';

/** An approval that came with a proof. It stays known when it is withdrawn, or given anew. */
export interface SignedApproval {
  readonly by: Actor;
  readonly at: Instant;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly proof: GivenProof;
  /** In whose name a deputy approved. */
  readonly onBehalfOf?: StandIn;
}

/** An operation with what the gate asks of its stream beside the state of it. */
export interface Evidence {
  /** What ended it, ended it for good, and who rejected it, rejected it: no event behind takes that back. */
  readonly operation: OperationState;
  /** The stream begins at revision 0, with the request, has no gap and no second request (rule 21). */
  readonly whole: boolean;
  readonly next: number;
  /** Every one that was ever given, oldest first: a nonce counts once, for ever (rule 25). */
  readonly signed: readonly SignedApproval[];
  /** Those of them that were withdrawn. */
  readonly withdrawn: readonly SignedApproval[];
}

type Numbered = OperationEvent & { readonly revision: number };

export type EvidenceStates = StreamStates<Numbered, Evidence>;

/** Operations as a signer folds them. */
export const evidenceKind: StreamKind<Numbered, Evidence> = {
  initialState: { operation: operationKind.initialState, whole: true, next: 0, signed: [], withdrawn: [] },
  decode: (recorded: RecordedEvent): Numbered => ({ ...operationKind.decode(recorded), revision: recorded.revision }),
  evolve: (state, event) => ({
    operation: unended(state.operation, operationKind.evolve(state.operation, event)),
    whole: state.whole && event.revision === state.next && (event.type === 'operations.requested.v1') === (event.revision === 0),
    next: event.revision + 1,
    signed: event.type === 'operations.approval-given.v1' && event.data.proof !== undefined ? [...state.signed, signedBy(event.data, event.data.proof)] : state.signed,
    withdrawn: event.type === 'operations.approval-withdrawn.v1' ? [...state.withdrawn, ...latestBy(event.data.by, state.signed)] : state.withdrawn,
  }),
  // A signer answers no commands.
  remembers: () => false,
  snapshotVersion: `evidence/2+${operationKind.snapshotVersion}`,
  toJson: (state) => ({ ...state, operation: operationKind.toJson(state.operation) }),
  fromJson: (json: Omit<Evidence, 'operation'> & { readonly operation: never }): Evidence => ({ ...json, operation: operationKind.fromJson(json.operation) }),
};

const ENDED = new Set<OperationState['status']>(['rejected', 'revoked', 'expired', 'exhausted']);
type Decision = OperationState['decisions'][number];

/** Whether the operation is over, whatever the time is. */
export const isEnded = ({ status }: OperationState): boolean => ENDED.has(status);

/** What has ended stays so, and each person's rejection stands: what an honest log says behind them takes none of it back. */
function unended(before: OperationState, after: OperationState): OperationState {
  const isKept = (d: Decision): boolean => after.decisions.some((one) => one.decision === 'reject' && sameActor(one.by, d.by));
  const lost = before.decisions.filter((d) => d.decision === 'reject' && !isKept(d));
  if (!isEnded(before) && lost.length === 0) return after;
  return { ...after, status: isEnded(before) ? before.status : after.status, decisions: [...lost, ...after.decisions] };
}

function latestBy(by: Actor, signed: readonly SignedApproval[]): readonly SignedApproval[] {
  const latest = signed.findLast((one) => sameActor(one.by, by));
  return latest === undefined ? [] : [latest];
}

const signedBy = ({ by, at, roles, groups, onBehalfOf }: Omit<SignedApproval, 'proof'>, proof: GivenProof): SignedApproval => ({ by, at, roles, groups, proof, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) });
