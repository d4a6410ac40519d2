import type { Actor } from '#kernel/actor.js';

/** An event of a stream that an order relied on: its revision, and the SHA-256 (hex) of its id. */
export interface ReliedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly hash: string;
}
/** Written and flushed before the first C_Sign of an order (rule 16). */
export interface LedgerIntent {
  readonly signOrderId: string;
  readonly operationId: string;
  readonly keyId: string;
  readonly count: number;
  /** The newest event seen of each stream relied on. */
  readonly relied: readonly ReliedEvent[];
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
/** What names the ledger's state for people, and how much it holds. */
export interface LedgerHead {
  /** `<sequence>-<16 hex digits>`: how many intents, releases, acceptances and notes there were, and a hash over all of them. */
  readonly head: string;
  /** Orders with an intent. */
  readonly orders: number;
  /** Uses intended and not released, of all keys of all operations. */
  readonly usesSpent: number;
  /** Keys with an intent. */
  readonly keys: number;
}
/** Two administrators' word that signing may go on with a store that lies behind this ledger (rule 17). */
export interface StoreAcceptance {
  readonly storeId: string;
  /** The ledger's head that they named. */
  readonly head: string;
  readonly by: readonly [Actor, Actor];
  /** Of the event that recorded their word. */
  readonly eventId: string;
}

/**
 * The signers' own memory, outside the event store and its backups. Every method is durable when it resolves, except `signatures` with
 * `flush: false` (handed to the operating system, flushed with the next durable write). Any rejection means: do not sign.
 */
export interface Ledger {
  /** Made once, when the ledger was. */
  readonly ledgerId: string;
  /** No intent, no checkpoint, no acceptance and no note was in the ledger when it was opened: beside a store with any `started`, the ledger is missing (rule 17). */
  readonly emptyAtOpening: boolean;
  /** Takes a signer's name for this incarnation. @throws LedgerNameTakenError while another incarnation of this name is alive */
  claimName(signer: LedgerSigner): Promise<void>;
  /** Gives the name free; whoever did not hold it changes nothing. */
  releaseName(signer: LedgerSigner): Promise<void>;
  /** Records a sign of life of a signer at the ledger's own clock. @throws LedgerNameTakenError, LedgerRefusedError NAME_NOT_HELD as `intend` does */
  heartbeat(signer: LedgerSigner): Promise<void>;
  /** Milliseconds since each named signer was last heard, by a clock that does not jump while this ledger is open. */
  heartbeats(): Promise<readonly (LedgerSigner & { readonly silentMs: number })[]>;
  /**
   * Counts the uses of an order before its first C_Sign, if those spent of this key of this operation do not exceed `atMost` with them: what the
   * approved statement grants (rule 16). An order has one intent, whoever asks: whoever was not answered does not ask again, and releases it.
   * @throws LedgerIntentExistsError when the order has one
   * @throws LedgerNameTakenError when another incarnation holds the signer's name
   * @throws LedgerRefusedError NAME_NOT_HELD, INVALID, OVER_GRANT, or CONTRADICTS when another event was relied on at the same revision of a stream
   */
  intend(signer: LedgerSigner, intent: LedgerIntent, options: { readonly atMost: number }): Promise<void>;
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
  /** The newest event of a stream that any order relied on since the latest acceptance: the store must hold it still (rule 16). */
  remembered(stream: string): Promise<ReliedEvent | undefined>;
  /** What is remembered of the streams that were relied on latest, newest first. @throws LedgerRefusedError INVALID when `limit` is not 1 to 10,000 */
  newestRemembered(limit: number): Promise<readonly ReliedEvent[]>;
  head(): Promise<LedgerHead>;
  /**
   * Lets signing go on with an older store: what is remembered up to here is not asked of it any more. Uses are counted as before (rule 17).
   * It moves the head, so that the word holds once; the same event again changes nothing.
   * @throws LedgerRefusedError HEAD_MOVED when the head is not the one they named, CONTRADICTS when this event said something else before, or INVALID, so for one and the same administrator
   */
  acceptStore(acceptance: StoreAcceptance): Promise<void>;
  /** The latest one. */
  acceptance(): Promise<StoreAcceptance | undefined>;
  /**
   * Keeps a value under a topic and a key unless one is kept there: of several signers the first one's stands, for ever, whatever becomes of the store.
   * What is new moves the head. @returns what stands @throws LedgerRefusedError INVALID
   */
  noteOnce(topic: string, key: string, value: string): Promise<string>;
  note(topic: string, key: string): Promise<string | undefined>;
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

/** The order has an intent: of an earlier attempt, or of this one, which was not told. */
export class LedgerIntentExistsError extends Error {
  override readonly name = 'LedgerIntentExistsError';
}

/**
 * `NAME_NOT_HELD`: the signer has not claimed its name, or has released it. `CONTRADICTS`: what is recorded says something else.
 * `OVER_GRANT`: more uses than were approved. `HEAD_MOVED`: the ledger is not as the administrators saw it.
 */
export type LedgerRefusal = 'NAME_NOT_HELD' | 'INTENT_UNKNOWN' | 'CONTRADICTS' | 'INVALID' | 'OVER_GRANT' | 'HEAD_MOVED';
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
