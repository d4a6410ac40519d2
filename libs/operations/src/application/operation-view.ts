import type { Actor } from '#kernel/actor.js';
import type { PrincipalView } from '#identity/contract.js';
import type { PinnedPolicy, Policy } from '#policies/contract.js';

/** `absent` never leaves the service. */
export type OperationViewState = 'pending' | 'approved' | 'rejected' | 'revoked' | 'expired' | 'exhausted';

/** How a key's policies stand. */
export interface KeyApproval {
  readonly policy: Policy;
  readonly met: boolean;
  readonly missing: number;
  /** Of a policy that has a name, with the version that is pinned. */
  readonly name?: string;
  readonly version?: number;
  /** What the key's assurance level and those below it ask for as well. */
  readonly demands?: readonly PinnedPolicy[];
}

export interface DecisionView {
  readonly decision: 'approve' | 'reject';
  readonly by: PrincipalView;
  readonly at: string;
  readonly comment: string | null;
  readonly proof?: { readonly type: 'jws' | 'webauthn'; readonly credentialId: string };
  readonly onBehalfOf?: Actor;
}

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
    readonly approval: KeyApproval;
  }[];
  readonly grants?: readonly { readonly action: string; readonly resource: string; readonly approval: { readonly policy: Policy; readonly met: boolean; readonly missing: number } }[];
  /** What signed decisions name; absent in operations that are older than they. */
  readonly policyDigest?: string;
  readonly emergency?: { readonly reason: string };
  readonly decisions: readonly DecisionView[];
  readonly revision: number;
}
