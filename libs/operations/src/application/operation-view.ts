import type { PrincipalView } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';

/** `absent` never leaves the service. */
export type OperationViewState = 'pending' | 'approved' | 'rejected' | 'revoked' | 'expired' | 'exhausted';

/** An operation as the wire contract shows it. */
export interface OperationView {
  readonly operationId: string;
  readonly state: OperationViewState;
  readonly requestedBy: PrincipalView;
  readonly requestedAt: string;
  readonly notBefore: string;
  readonly expiresAt: string;
  readonly description: string;
  readonly approverContext: string | null;
  readonly binding: { readonly digests: readonly string[] } | null;
  readonly requestDigest: string;
  readonly requestStatement: string;
  readonly keyUsages: readonly {
    readonly keyId: string;
    readonly maxUsageCount: number;
    readonly usedCount: number;
    readonly remainingCount: number;
    readonly approval: { readonly policy: Policy; readonly met: boolean; readonly missing: number };
  }[];
  readonly decisions: readonly { readonly decision: 'approve' | 'reject'; readonly by: PrincipalView; readonly at: string; readonly comment: string | null }[];
  readonly revision: number;
}
