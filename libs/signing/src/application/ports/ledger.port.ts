/** Written and flushed before the first C_Sign of an order (rule 16). */
export interface LedgerIntent {
  readonly signOrderId: string;
  readonly operationId: string;
  readonly keyId: string;
  readonly count: number;
  /** Streams relied on, with the revision seen and the SHA-256 (hex) of the id of the event there. */
  readonly relied: readonly { readonly stream: string; readonly revision: number; readonly hash: string }[];
}
export interface LedgerSigner {
  readonly name: string;
  readonly incarnation: string;
}
export interface LedgerEntry extends LedgerIntent {
  readonly signer: string;
  readonly incarnation: string;
  /** Uses given back by an attempt that knew that it had not called C_Sign for them. */
  readonly released: number;
  /** Null until `signatures` was called. */
  readonly signatures: readonly (string | null)[] | null;
}
/** A position of the event store that can be found again (rule 12). */
export interface LedgerCheckpoint {
  readonly storeId: string;
  readonly position: string;
  readonly eventId: string;
}

/**
 * The signers' own memory, outside the event store and its backups. Every method is durable when it resolves, except `signatures` with
 * `flush: false` (handed to the operating system, flushed with the next durable write). Any rejection means: do not sign.
 */
export interface Ledger {
  /** Takes a signer's name for this incarnation. @throws LedgerNameTakenError while another incarnation of this name is alive */
  claimName(signer: LedgerSigner): Promise<void>;
  /** Gives the name free; whoever did not hold it changes nothing. */
  releaseName(signer: LedgerSigner): Promise<void>;
  /** Records a sign of life of a signer at the ledger's own clock. @throws LedgerNameTakenError, LedgerRefusedError NAME_NOT_HELD as `intend` does */
  heartbeat(signer: LedgerSigner): Promise<void>;
  /** Milliseconds since each named signer was last heard, by a clock that does not jump while this ledger is open. */
  heartbeats(): Promise<readonly (LedgerSigner & { readonly silentMs: number })[]>;
  /**
   * Counts the uses of an order before its first C_Sign. The very same call of the same attempt may be sent again until it is answered.
   * @throws LedgerIntentExistsError when the order has another intent, or its own one has been released or has signatures
   * @throws LedgerNameTakenError when another incarnation holds the signer's name @throws LedgerRefusedError NAME_NOT_HELD, INVALID
   */
  intend(signer: LedgerSigner, intent: LedgerIntent): Promise<void>;
  /**
   * Gives back `count` uses of an order for which C_Sign was certainly not called: once an order, the total; the same call again changes nothing.
   * An order without an intent has nothing to give back: that is no error, since a rejected `intend` leaves its caller without knowledge.
   * @throws LedgerRefusedError CONTRADICTS when another count was released before, or fewer than `count` uses are without a signature
   */
  release(signOrderId: string, count: number): Promise<void>;
  /**
   * Keeps what was signed, null where there is no signature (yet). May be called again with more; a signature that is there never changes.
   * @throws LedgerRefusedError INTENT_UNKNOWN, or CONTRADICTS when a kept signature would change or there would be more of them than uses intended and not released
   */
  signatures(signOrderId: string, signatures: readonly (string | null)[], options: { readonly flush: boolean }): Promise<void>;
  entry(signOrderId: string): Promise<LedgerEntry | undefined>;
  /** Uses intended and not released, of one key of one operation. */
  spent(operationId: string, keyId: string): Promise<number>;
  checkpoint(name: string): Promise<LedgerCheckpoint | undefined>;
  saveCheckpoint(name: string, checkpoint: LedgerCheckpoint): Promise<void>;
  /** Salted hash of a PIN that the token refused; it is not tried again until it is another one. */
  isFailedPin(pin: string): Promise<boolean>;
  rememberFailedPin(pin: string): Promise<void>;
  close(): Promise<void>;
}

export class LedgerNameTakenError extends Error {
  override readonly name = 'LedgerNameTakenError';
}

/** The order has an intent that is not this one, or that is past its beginning. */
export class LedgerIntentExistsError extends Error {
  override readonly name = 'LedgerIntentExistsError';
}

/** `NAME_NOT_HELD`: the signer has not claimed its name, or has released it. `CONTRADICTS`: what is recorded says something else. */
export type LedgerRefusal = 'NAME_NOT_HELD' | 'INTENT_UNKNOWN' | 'CONTRADICTS' | 'INVALID';
export class LedgerRefusedError extends Error {
  override readonly name = 'LedgerRefusedError';
  constructor(readonly reason: LedgerRefusal, message: string) {
    super(message);
  }
}

/** Not answered, not written, or not known whether written: another process has the ledger, disk full, timeout, closed. Fit for an operator's log. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
  constructor(readonly reason: 'LOCKED' | 'DISK_FULL' | 'TIMEOUT' | 'OVERLOADED' | 'CLOSED' | 'FAILED', message: string) {
    super(message);
  }
}
