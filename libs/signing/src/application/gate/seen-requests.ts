import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { OPERATION_PREFIX, operationStream, policiesOf } from '#operations/contract.js';
import type { OperationEvent, OperationState } from '#operations/contract.js';
import { asksProof } from '#policies/contract.js';
import { LedgerUnavailableError } from '../ports/ledger.port.js';
import { endingSeen } from './ending.js';
import type { EvidenceStates } from './evidence.js';
import type { GateDeps } from './gate.js';
import { policiesIn } from './plane.js';
import type { Plane } from './plane.js';
import { requestFaults } from './request-faults.js';

type Request = NonNullable<OperationState['request']>;

const TAKES_BACK: ReadonlySet<string> = new Set<OperationEvent['type']>(['operations.approval-withdrawn.v1', 'operations.rejection-given.v1', 'operations.rejected.v1', 'operations.revoked.v1', 'operations.expired.v1']);

/**
 * Notes what a signer sees of operations as it sees it, so that nobody can take it back by taking it out of the store: when a request came, that an approval was withdrawn, that an
 * operation has ended (rules 21, 25). A sight that can't be noted now is noted when an order is judged.
 */
export class SeenRequests {
  constructor(private readonly deps: Pick<GateDeps, 'notes' | 'log' | 'plane'>, private readonly operations: EvidenceStates, private readonly clock: Pick<TrustedClock, 'now' | 'jumped'>) {}

  /**
   * Resolves when what was taken back is noted: whoever follows the log goes no further before.
   * @throws StoreUnavailableError, OutcomeUnknownError, LedgerUnavailableError: the same events are to come again
   */
  async follow(events: readonly RecordedEvent[]): Promise<void> {
    const takenBack = new Set<string>();
    for (const { stream, type, data } of events) {
      if (!stream.startsWith(OPERATION_PREFIX)) continue;
      const operationId = stream.slice(OPERATION_PREFIX.length);
      if (type === 'operations.requested.v1') this.sight(operationId, data as Request).catch((error: unknown) => this.deps.log({ operationId, error }, 'the first sight of a request could not be noted'));
      else if (TAKES_BACK.has(type)) takenBack.add(operationId);
    }
    await Promise.all([...takenBack].map((operationId) => this.takenBack(operationId)));
  }

  /** Only of what is what its statement says: the time of another text would be taken for this one's. A clock that jumped tells no time. */
  private async sight(operationId: string, request: Request): Promise<void> {
    if (this.clock.jumped() !== undefined) return;
    const { opening, closing } = this.clock.now();
    if (!(request.expiresAt > closing) || request.keyUsages.length === 0) return;
    const plane = await this.deps.plane.current();
    if (!counts(request, plane) || requestFaults(request, operationId, plane.deployment).length > 0) return;
    await this.deps.notes.firstSight(request, opening);
  }

  private async takenBack(operationId: string): Promise<void> {
    try {
      const { operation, withdrawn } = (await this.operations.load(operationStream(operationId))).state;
      const plane = await this.deps.plane.current();
      if (operation.request === null || !counts(operation.request, plane)) return;
      const ending = endingSeen(operation, plane.directory);
      if (ending !== undefined) await this.deps.notes.ended(operationId, ending);
      for (const approval of withdrawn) await this.deps.notes.withdrawn(operationId, approval, 'its withdrawal was seen in the event store');
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError || error instanceof LedgerUnavailableError) throw error;
      // What nobody can make sense of is refused when an order is judged; the log goes on.
      this.deps.log({ operationId, error }, 'what was taken back of an operation could not be noted');
    }
  }
}

/** Whether some of its approvals count by their proofs, as it was asked or as the control plane has its keys; under a genesis, those of an act of the control plane. */
function counts({ keyUsages, grants = [] }: Request, { state, minimumProof }: Plane): boolean {
  if (grants.length > 0) return state.genesis !== null;
  const inForce = keyUsages.flatMap(({ keyId }) => {
    const source = state.keys.get(keyId)?.policy;
    return source === undefined ? [] : (policiesIn(state, source) ?? []).map((one) => one.policy);
  });
  return [...keyUsages.flatMap(policiesOf), ...inForce].some((policy) => asksProof(policy, minimumProof));
}
