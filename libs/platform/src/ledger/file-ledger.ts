import { join } from 'node:path';
import type { Clock } from '#kernel/clock.js';
import type { Ledger } from '#signing/contract.js';
import { failedPinHash } from './failed-pin.js';
import { sharedNow, type LedgerFacts } from './ledger-calls.js';
import { lockLedgerFolder } from './ledger-lock.js';
import { LedgerThread } from './ledger-thread.js';

export interface FileLedgerOptions {
  /** A folder of the ledger's own; made when it is not there. */
  readonly dir: string;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Requests sent and not answered, default 10,000. */
  readonly maxWaiting?: number;
  /** Default: the clock that all threads share. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_WAITING = 10_000;

/**
 * The ledger of one signer: an SQLite file in a thread of its own, where one flush carries all requests that wait for one.
 * After a full disk or a lost device it goes on by itself as soon as a write works again.
 * @throws (rejects) LedgerUnavailableError: LOCKED while another process has the folder, DISK_FULL, TIMEOUT, or FAILED
 */
export async function openFileLedger(options: FileLedgerOptions): Promise<Ledger> {
  const now = options.clock === undefined ? sharedNow : options.clock.monotonic.bind(options.clock);
  const lock = lockLedgerFolder(options.dir);
  try {
    const limits = { timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS, maxWaiting: options.maxWaiting ?? DEFAULT_MAX_WAITING };
    const thread = new LedgerThread({ file: join(options.dir, 'ledger.db'), openedAt: now() }, limits);
    return overThread(thread, await thread.opened(), now, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

const overThread = (thread: LedgerThread, facts: LedgerFacts, now: () => number, unlock: () => void): Ledger => {
  let closing: Promise<void> | undefined;
  return {
    ledgerId: facts.ledgerId,
    emptyAtOpening: facts.emptyAtOpening,
    claimName: (signer) => thread.call('claimName', signer, now()),
    releaseName: (signer) => thread.call('releaseName', signer),
    heartbeat: (signer) => thread.call('heartbeat', signer, now()),
    heartbeats: () => thread.call('heartbeats', now()),
    intend: (signer, intent, options) => thread.call('intend', signer, intent, options),
    release: (signOrderId, count) => thread.call('release', signOrderId, count),
    signatures: (signOrderId, signatures, flush) => thread.call('signatures', signOrderId, signatures, flush),
    entry: (signOrderId) => thread.call('entry', signOrderId),
    spent: (operationId, keyId) => thread.call('spent', operationId, keyId),
    remembered: (stream) => thread.call('remembered', stream),
    newestRemembered: (limit) => thread.call('newestRemembered', limit),
    head: () => thread.call('head'),
    acceptStore: (acceptance) => thread.call('acceptStore', acceptance),
    acceptance: () => thread.call('acceptance'),
    noteOnce: (topic, key, value) => thread.call('noteOnce', topic, key, value),
    note: (topic, key) => thread.call('note', topic, key),
    checkpoint: (name) => thread.call('checkpoint', name),
    saveCheckpoint: (name, checkpoint) => thread.call('saveCheckpoint', name, checkpoint),
    isFailedPin: async (pin) => thread.call('isFailedPinHash', await failedPinHash(pin, facts.pinSalt)),
    rememberFailedPin: async (pin) => thread.call('rememberFailedPinHash', await failedPinHash(pin, facts.pinSalt)),
    // The folder is given free last: until then the thread may still write.
    close: () => (closing ??= thread.close().finally(unlock)),
  };
};
