import type { Instant } from '#kernel/clock.js';
import type { PolicySource } from '#policies/contract.js';
import type { Algorithm } from './algorithm.js';
import type { Purpose, Requesters } from './events.js';

/** `failed`: the last registration came to nothing and the keyId may be asked for again. */
export type KeyStatus = 'absent' | 'creating' | 'failed' | 'enabled' | 'disabled';

export interface KeyState {
  readonly status: KeyStatus;
  readonly keyId: string;
  /** Of the last registration; 0 while absent. An outcome counts only for the registration that it names. */
  readonly attempt: number;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
  readonly modulusBits: number | null;
  readonly approvalPolicy: PolicySource;
  readonly description: string | null;
  readonly requesters: Requesters | null;
  readonly adopt: { readonly label: string | null; readonly idHex: string | null } | null;
  readonly ckaIdHex: string;
  /** Null until it is registered. */
  readonly publicKey: string | null;
  readonly publicKeySha256: string | null;
  readonly tokenSerial: string | null;
  /** Disabled while it was being made: it will be disabled from its first moment. False in any other status. */
  readonly disabledOnceRegistered: boolean;
  readonly failure: { readonly code: string; readonly detail: string } | null;
  /** Null while absent. */
  readonly createdAt: Instant | null;
}
