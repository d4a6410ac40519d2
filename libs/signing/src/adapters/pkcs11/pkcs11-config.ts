import type { HsmMetrics } from '../../application/ports/hsm.port.js';

/** PINs that a token refused, remembered over restarts. */
export interface FailedPins {
  isFailed(pin: string): Promise<boolean>;
  remember(pin: string): Promise<void>;
}

export interface HsmLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Pkcs11Config {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** Exactly one token must match what is given of these two. */
  readonly tokenLabel?: string;
  readonly tokenSerial?: string;
  readonly pin: string;
  /**
   * Sessions for signing; two more are open at times. Each running call takes a thread of libuv's pool, so the process must be started with UV_THREADPOOL_SIZE of
   * `sessions` + 4 at least: the launcher sets it, since it is read before any script runs.
   */
  readonly sessions: number;
  /** Memory of PINs that the token refused, durable over restarts. */
  readonly failedPins: FailedPins;
  readonly metrics: HsmMetrics;
  readonly log: HsmLog;
  /** How long a C_Sign or C_Verify may take, ms; after that its outcome is `unknown` and its session is not used again. Default 30,000. */
  readonly signTimeoutMs?: number;
  /** How long generating a key pair may take, ms. Default 120,000. */
  readonly generateTimeoutMs?: number;
  /** How often the token is asked whether it is still there, ms. Default 5,000. */
  readonly probeMs?: number;
  /** Waits between attempts to open a lost token, ms: doubled from the first up to the last. Default 250 and 10,000. */
  readonly reopenMs?: { readonly first: number; readonly last: number };
}
