import type { MessagePort } from 'node:worker_threads';
import type { Config, HsmConfig } from '#platform/config/config.js';
import type { StoreTicket } from '#platform/event-store/open-event-store.js';
import type { ReadinessWarning } from '#platform/http/ports/readiness-warnings.port.js';
import type { ReadModelState } from '#platform/read-model/read-model-progress.js';

/** What a thread is given at its start. */
export interface ThreadData {
  readonly config: Config;
  readonly store: StoreTicket;
  readonly metrics: MessagePort;
}
export interface WorkerThreadData extends ThreadData {
  /** To the thread that reserves uses, which settles them too. */
  readonly settlements: MessagePort;
}
export interface SignerThreadData extends ThreadData {
  readonly hsm: HsmConfig;
}

/** What a thread tells its owner: that it runs, how it is (every REPORT_MS and when it changes), and that it has ended in order. */
export type FromThread<R> = { readonly kind: 'started' } | { readonly kind: 'report'; readonly report: R } | { readonly kind: 'failed'; readonly reason: string };
export interface ToThread {
  readonly kind: 'stop';
}

export interface SignerReport {
  readonly down: string | undefined;
  readonly warning?: ReadinessWarning | undefined;
  readonly openOrders: number;
}
export interface WorkerReport {
  readonly state: ReadModelState;
  readonly fault: string | undefined;
}

/** How often a thread reports; a change is told sooner. */
export const REPORT_MS = 1_000;
/** How often it looks whether something has changed. */
export const LOOK_MS = 20;
/** A thread that has not reported for so long is not ready. */
export const SILENT_MS = 15_000;
