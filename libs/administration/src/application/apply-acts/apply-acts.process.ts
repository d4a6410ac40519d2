import type { CommandMeta } from '#eventing/command-meta.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import { systemActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { proofAsProposed } from '../act/verify-act-proof.js';
import type { ControlPlaneExecutor } from '../control-plane-executor.js';
import type { ApprovedAct, ApprovedActs } from '../ports/approved-acts.port.js';
import type { AdministrationSettings } from '../settings.js';

const APPROVED = 'operations.approved.v1';
const OPERATION_PREFIX = 'operation-';

/** What became of an approved act. */
export type Applied = { readonly operationId: string; readonly refused: DomainError | null };

/**
 * Appends acts to the control plane when their operations are approved, with statement and decisions, so that the chain verifies by itself. What is approved and can't be done any
 * more is told there as well. The chain knows the operations whose act it has: seeing one again changes nothing, wherever this one was cut off.
 */
export class ApplyActs {
  constructor(
    private readonly controlPlane: ControlPlaneExecutor,
    private readonly approved: ApprovedActs,
    private readonly settings: Pick<AdministrationSettings, 'stream' | 'quorum'>,
    private readonly told: (applied: Applied) => void = () => undefined,
  ) {}

  /** In the order in which they were approved. @throws StoreUnavailableError, OutcomeUnknownError: the same events are to come again */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) if (event.type === APPROVED && event.stream.startsWith(OPERATION_PREFIX)) await this.apply(event.stream.slice(OPERATION_PREFIX.length));
  }

  private async apply(operationId: string): Promise<void> {
    const approved = await this.approved.find(operationId);
    if (approved === undefined) return;
    try {
      await this.append(approved);
      this.told({ operationId, refused: null });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      await this.refuse(approved, error);
      this.told({ operationId, refused: error });
    }
  }

  private async append({ operationId, act: { method, path, body, proof }, by, statement, expiresAt, decisions }: ApprovedAct): Promise<void> {
    await this.controlPlane.execute({
      stream: this.settings.stream,
      meta: metaOf('act', operationId),
      build: (now) => ({
        type: 'act', act: { method, path, body }, by, administrator: true, operation: { type: 'operation', operationId, statement, decisions, expiresAt }, proof: proofAsProposed(proof), quorum: this.settings.quorum, now: now.closing,
      }),
    });
  }

  private async refuse({ operationId, by }: ApprovedAct, { code, detail }: DomainError): Promise<void> {
    await this.controlPlane.execute({ stream: this.settings.stream, meta: metaOf('act-refused', operationId), build: (now) => ({ type: 'refuse-act', operationId, by, code, detail, now: now.closing }) });
  }
}

const metaOf = (kind: string, operationId: string): CommandMeta => ({ commandId: derivedId(kind, operationId), keyed: true, actor: systemActor('apply-acts'), bodyDigest: null, requestId: null });
