/** Why a chain is broken at an event. */
export const CHAIN_FAULTS = [
  'GAP', 'LINK_BROKEN', 'GENESIS_MISSING', 'GENESIS_DIFFERS', 'EVENT_UNREADABLE', 'TIME_WENT_BACK', 'PROOF_MISSING', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'ACTOR_NOT_ALLOWED',
  'SESSION_NOT_OPEN', 'SESSION_OVER', 'OPERATION_NOT_ITS', 'OPERATION_REUSED', 'OPERATION_OVER', 'TAKEN_BACK', 'QUORUM_NOT_MET', 'EFFECT_REFUSED', 'BINDING_REFUSED', 'NOT_THE_REMEMBERED',
] as const;
export type ChainFaultCode = (typeof CHAIN_FAULTS)[number];

export interface ChainFault {
  readonly code: ChainFaultCode;
  readonly revision: number;
  /** One sentence for people. */
  readonly detail: string;
}

/** Carries a fault out of the checks of one event. */
export class ChainBroken extends Error {
  override readonly name = 'ChainBroken';
  constructor(readonly code: ChainFaultCode, readonly detail: string) {
    super(`${code}: ${detail}`);
  }
}
