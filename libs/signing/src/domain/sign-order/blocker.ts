// A storage format: fields and codes are added, never changed.

/** What kept the signer's own verification from signing. */
export type BlockerCode =
  | 'QUORUM_NOT_MET' | 'PROOF_INVALID' | 'CREDENTIAL_NOT_ACTIVE' | 'NOT_ELIGIBLE' | 'POLICY_TAMPERED' | 'CONTROL_PLANE_BROKEN' | 'WINDOW_CLOSED' | 'KEY_DISABLED'
  | 'BINDING_MISMATCH' | 'STORE_BEHIND' | 'OPERATION_REVOKED' | 'USAGE_EXHAUSTED';

/** Who can clear a blocker, as a rule: whom the orderer has to ask. */
export type BlockerOwner = 'approvers' | 'administrators' | 'orderer' | 'operator';

export interface Blocker {
  readonly code: BlockerCode;
  /** For people. */
  readonly detail: string;
  readonly owner: BlockerOwner;
}

/**
 * `approvers`: an approval is missing, or another one has to be given. `administrators`: a change of the control plane clears it. `orderer`: another operation or
 * another order is needed. `operator`: what lies in the stores is not what was written there, or is not all of it.
 */
const OWNERS: Readonly<Record<BlockerCode, BlockerOwner>> = {
  QUORUM_NOT_MET: 'approvers',
  PROOF_INVALID: 'approvers',
  CREDENTIAL_NOT_ACTIVE: 'approvers',
  NOT_ELIGIBLE: 'approvers',
  POLICY_TAMPERED: 'operator',
  CONTROL_PLANE_BROKEN: 'operator',
  WINDOW_CLOSED: 'orderer',
  KEY_DISABLED: 'administrators',
  BINDING_MISMATCH: 'orderer',
  STORE_BEHIND: 'operator',
  OPERATION_REVOKED: 'orderer',
  USAGE_EXHAUSTED: 'orderer',
};
export const BLOCKER_OWNERS: readonly BlockerOwner[] = ['approvers', 'administrators', 'orderer', 'operator'];
export const BLOCKER_CODES = Object.keys(OWNERS) as readonly BlockerCode[];

export const isBlockerCode = (code: string): code is BlockerCode => Object.hasOwn(OWNERS, code);

export const blocker = (code: BlockerCode, detail: string, owner: BlockerOwner = OWNERS[code]): Blocker => ({ code, detail, owner });
