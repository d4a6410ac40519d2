import type { RecordedEvent } from '#eventing/event-store.port.js';
import { sameActor } from '#kernel/actor.js';
import { OPERATION_PREFIX, operationStream, policiesOf } from '#operations/contract.js';
import type { Now, OperationEvent, OperationState } from '#operations/contract.js';
import { asksPeople, asksProof } from '#policies/contract.js';
import type { EvidenceStates } from './evidence.js';
import type { GateDeps } from './gate.js';

type Request = NonNullable<OperationState['request']>;

/**
 * Notes what a signer sees of operations as it sees it, so that nobody can take it back by taking it out of the store: when a request came, that an approval was withdrawn, that an
 * operation was revoked (rules 21, 25). What can't be noted now is noted when an order is judged, or stands in the store.
 */
export class SeenRequests {
  constructor(private readonly deps: Pick<GateDeps, 'notes' | 'log' | 'plane'>, private readonly operations: EvidenceStates) {}

  follow(events: readonly RecordedEvent[], now: Now): void {
    for (const { stream, type, data } of events) {
      if (!stream.startsWith(OPERATION_PREFIX)) continue;
      const operationId = stream.slice(OPERATION_PREFIX.length);
      const event = { type, data } as OperationEvent;
      if (event.type === 'operations.requested.v1' || event.type === 'operations.approval-withdrawn.v1' || event.type === 'operations.revoked.v1')
        this.note(operationId, event, now).catch((error: unknown) => this.deps.log({ operationId, error }, 'what was seen of an operation could not be noted'));
    }
  }

  private async note(operationId: string, event: OperationEvent, now: Now): Promise<void> {
    if (event.type === 'operations.requested.v1') {
      if (event.data.expiresAt > now.closing && (await this.counts(event.data))) await this.deps.notes.firstSight(operationId, now.opening);
      return;
    }
    const { operation, signed } = (await this.operations.load(operationStream(operationId))).state;
    if (operation.request === null || !(await this.counts(operation.request))) return;
    if (event.type === 'operations.revoked.v1') await this.deps.notes.revoked(operationId, 'its revocation was seen in the event store');
    if (event.type !== 'operations.approval-withdrawn.v1') return;
    const approval = signed.findLast((one) => sameActor(one.by, event.data.by));
    if (approval !== undefined) await this.deps.notes.withdrawn(operationId, approval, 'its withdrawal was seen in the event store');
  }

  /** Whether some of its approvals count by their proofs. */
  private async counts({ keyUsages }: Request): Promise<boolean> {
    const policies = keyUsages.flatMap(policiesOf).filter(asksPeople);
    if (policies.length === 0) return false;
    const { minimumProof } = await this.deps.plane.current();
    return policies.some((policy) => asksProof(policy, minimumProof));
  }
}
