import type { LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerIntent, LedgerRefusal, LedgerSigner, ReliedEvent, StoreAcceptance } from '#signing/contract.js';

/** What the ledger's thread can do, one call at a time. Times `at` are milliseconds of the owner's monotonic clock. */
export interface LedgerCalls {
  readonly claimName: (signer: LedgerSigner, at: number) => void;
  readonly releaseName: (signer: LedgerSigner) => void;
  readonly heartbeat: (signer: LedgerSigner, at: number) => void;
  readonly heartbeats: (at: number) => readonly (LedgerSigner & { readonly silentMs: number })[];
  readonly intend: (signer: LedgerSigner, intent: LedgerIntent, options: { readonly atMost: number }) => void;
  readonly release: (signOrderId: string, count: number) => void;
  readonly signatures: (signOrderId: string, signatures: readonly (string | null)[], options: { readonly flush: boolean }) => void;
  readonly entry: (signOrderId: string) => LedgerEntry | undefined;
  readonly spent: (operationId: string, keyId: string) => number;
  readonly remembered: (stream: string) => ReliedEvent | undefined;
  readonly newestRemembered: (limit: number) => readonly ReliedEvent[];
  readonly head: () => LedgerHead;
  readonly acceptStore: (acceptance: StoreAcceptance) => void;
  readonly acceptance: () => StoreAcceptance | undefined;
  readonly noteOnce: (topic: string, key: string, value: string) => string;
  readonly note: (topic: string, key: string) => string | undefined;
  readonly checkpoint: (name: string) => LedgerCheckpoint | undefined;
  readonly saveCheckpoint: (name: string, checkpoint: LedgerCheckpoint) => void;
  readonly isFailedPinHash: (hash: string) => boolean;
  readonly rememberFailedPinHash: (hash: string) => void;
}
export type LedgerMethod = keyof LedgerCalls;
export type LedgerCall = { [M in LedgerMethod]: { readonly method: M; readonly args: Parameters<LedgerCalls[M]> } }[LedgerMethod];

/** @property deadline milliseconds of `process.hrtime`, the clock that all threads share: a request is not begun after it, as its caller has given up */
export interface LedgerRequest {
  readonly id: number;
  readonly deadline: number;
  readonly call: LedgerCall;
}
/** Errors cross the threads as plain data. */
export type LedgerFault =
  | { readonly kind: 'name-taken' | 'intent-exists'; readonly message: string }
  | { readonly kind: 'refused'; readonly reason: LedgerRefusal; readonly message: string }
  | { readonly kind: 'unavailable'; readonly reason: 'DISK_FULL' | 'TIMEOUT' | 'FAILED'; readonly message: string };
export type LedgerAnswer = { readonly id: number } & ({ readonly value: unknown } | { readonly fault: LedgerFault });

export type ToLedgerThread = { readonly requests: readonly LedgerRequest[] } | { readonly close: true };
export type FromLedgerThread =
  | { readonly ready: LedgerFacts }
  | { readonly refusedToOpen: { readonly reason: 'DISK_FULL' | 'FAILED'; readonly message: string } }
  | { readonly answers: readonly LedgerAnswer[] }
  | { readonly closed: true };

export interface LedgerFacts {
  readonly ledgerId: string;
  readonly emptyAtOpening: boolean;
  /** Base64, for the hashes of refused PINs. */
  readonly pinSalt: string;
}
export interface LedgerThreadSettings {
  readonly file: string;
  /** The owner's monotonic clock at the opening. */
  readonly openedAt: number;
}

/** Monotonic milliseconds, the same in all threads of a process. */
export const sharedNow = (): number => Number(process.hrtime.bigint() / 1_000_000n);
