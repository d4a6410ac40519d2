import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

export interface OperationRequest {
  readonly keyUsages: readonly { readonly keyId: string; readonly maxUsageCount: number }[];
  readonly description: string;
  readonly approverContext: string | null;
  readonly validMs: number;
  /** Any RFC 3339 time; null: from the request on. */
  readonly notBefore: string | null;
  readonly binding: { readonly digests: readonly string[] } | null;
  /** By the emergency paths of the policies, for this reason; left out: by the usual ones. */
  readonly emergency?: { readonly reason: string };
}

/** A new operation. @throws DomainError KEY_UNKNOWN, KEY_DISABLED, KEY_NOT_ALLOWED, VALIDATION_FAILED (window over), IDEMPOTENCY_KEY_REUSED */
export class RequestOperationCommand extends Command<OperationView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly request: OperationRequest) {
    super();
  }
}
