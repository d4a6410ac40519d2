import type { Instant } from '#kernel/clock.js';
import type { KeyState } from '#keys/contract.js';
import type { Now } from '#operations/contract.js';
import type { PinnedPolicy, Policy } from '#policies/contract.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';
import type { Evidence, SignedApproval } from './evidence.js';
import type { Plane } from './plane.js';

/** All that a judgement looks at. Asking it changes nothing and reads nothing. */
export interface Question {
  readonly evidence: Evidence;
  readonly key: KeyState;
  readonly keyId: string;
  readonly count: number;
  /** What is still to be signed, base64. */
  readonly digests: readonly string[];
  readonly plane: Plane;
  readonly pinned: readonly Policy[];
  /** What the key is under by now, as far as it is to be met beside what was pinned. */
  readonly inForce: readonly PinnedPolicy[];
  /** Whether approvals count by their proofs alone. */
  readonly proven: boolean;
  /** Why the proof of a signed approval does not hold; undefined: it does. */
  readonly faultOf: (approval: SignedApproval) => Blocker | undefined;
  /** When a signer first saw the request, by its wall clock; null where nobody asks. */
  readonly firstSight: Instant | null;
  readonly now: Now;
}
