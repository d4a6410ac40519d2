import type { RelyingParty } from '#identity/contract.js';

/** Whom authenticators sign for: by the genesis, or by the public URL. */
export type RelyingPartyNow = () => RelyingParty;
/** Injection token of the process's RelyingPartyNow. */
export const RELYING_PARTY = Symbol('RelyingParty');
