import type { CommandMeta } from '#eventing/command-meta.js';
import { derivedId } from '#eventing/ids.js';
import { principalView } from '#identity/contract.js';
import type { Principal } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import type { Policy } from '#policies/contract.js';
import { operationStream } from '../../streams.js';
import type { AdministrativeAct, AdministrativeGrant, Requested } from '../../domain/operation/events.js';
import type { Now } from '../../domain/operation/use.js';
import type { OperationExecutor } from '../operation-executor.js';
import { policiesDigest } from '../policy-digest.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { requestStatement } from '../request-statement.js';

/** Something of administration that needs others' approval. */
export interface Proposal {
  readonly action: string;
  readonly resource: string;
  /** Done when it is approved; null: the approval itself is all. */
  readonly act: AdministrativeAct | null;
  readonly description: string;
  /** From the request on, ms. */
  readonly validMs: number;
  readonly policy: Policy;
  /** Accounts that never decide it, besides who proposes. */
  readonly excluding: readonly Actor[];
}

/** Makes operations without keys. */
export class OperationProposer {
  constructor(private readonly operations: OperationExecutor, private readonly controlPlane: ControlPlane, private readonly deployment: string) {}

  /** @returns the operation's id @throws DomainError IDEMPOTENCY_KEY_REUSED */
  async propose(meta: CommandMeta, caller: Principal, proposal: Proposal): Promise<string> {
    const operationId = derivedId('operation', meta.commandId);
    const { directory } = await this.controlPlane.fresh();
    await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'request', request: this.stated(operationId, caller, proposal, now), directory, now }) });
    return operationId;
  }

  private stated(operationId: string, caller: Principal, { action, resource, policy, act, excluding, description, validMs }: Proposal, now: Now): Requested['data'] {
    const grants: readonly AdministrativeGrant[] = [{ action, resource, policy, act, excluding }];
    const expiresAt = new Date(Date.parse(now.closing) + validMs).toISOString();
    const asked = { operationId, requestedAt: now.closing, notBefore: now.closing, expiresAt, description, approverContext: null, binding: null, keyUsages: [], grants };
    const { statement, digest } = requestStatement({ ...asked, deployment: this.deployment, requestedBy: principalView(caller), emergency: null });
    return {
      ...asked, requestDigest: digest, policyDigest: policiesDigest([], grants), requestedBy: { issuer: caller.issuer, subject: caller.subject },
      personal: { name: caller.name, claims: caller.claims, statement },
    };
  }
}
