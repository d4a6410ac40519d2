import { BroadcastChannel } from 'node:worker_threads';
import graphene from 'graphene-pk11';
import { HsmError } from '../../application/ports/hsm.port.js';
import { CKF_OS_LOCKING_OK, CKR } from './cryptoki-constants.js';
import { toCryptokiError } from './cryptoki-error.js';

export type CryptokiLibrary = graphene.Module['lib'];

/** One user's hold on an initialised module. */
export interface ModuleLease {
  readonly lib: CryptokiLibrary;
  /** A call began, or ended, on a thread of libuv's pool. */
  entered(): void;
  left(): void;
  /** Runs after everything else handed in here for this module, whatever became of that: two users of one token don't log in at once. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** This user lost the token: the other users of the process look at once, and the next lease without users initialises the module anew. */
  lost(): void;
  /** Idempotent. @param finalize whether the module is to be finalized when nobody in the process uses it any more */
  release(finalize: boolean): Promise<void>;
}

interface Entry {
  readonly lib: CryptokiLibrary;
  readonly channel: BroadcastChannel;
  readonly users: Set<() => void>;
  /** A thread of this service called C_Initialize, not somebody else in the process: then we may finalize. */
  ours: boolean;
  stale: boolean;
  inFlight: number;
  queue: Promise<unknown>;
  onHere: (() => void) | null;
}
type Message = 'who' | 'here' | 'lost' | 'heir';

const FELLOW_ANSWERS_WITHIN_MS = 200;
const entries = new Map<string, Entry>();

/**
 * Loads and initialises a module for one more user. C_Initialize and C_Finalize belong to the process, users come in several and on several threads.
 * A thread sees its own users here and asks the other threads over a BroadcastChannel before it finalizes under them.
 * @param suspect called when another user lost the token
 * @throws HsmError `retryable` MODULE_MISSING or UNAVAILABLE
 */
export async function leaseModule(path: string, suspect: () => void): Promise<ModuleLease> {
  const entry = entries.get(path) ?? load(path);
  entries.set(path, entry);
  if (entry.stale && (await isIdle(entry))) finalize(entry);
  initialize(entry);
  entry.users.add(suspect);
  let released = false;
  return {
    lib: entry.lib,
    entered: () => void entry.inFlight++,
    left: () => void entry.inFlight--,
    inTurn: (work) => {
      const turn = entry.queue.then(work, work);
      entry.queue = turn.catch(() => undefined);
      return turn;
    },
    lost: () => {
      entry.stale = true;
      for (const other of [...entry.users]) if (other !== suspect) other();
      entry.channel.postMessage('lost' satisfies Message);
    },
    release: async (wanted) => {
      if (released) return;
      released = true;
      entry.users.delete(suspect);
      if (!wanted || entry.users.size > 0) return;
      if (await isIdle(entry)) finalize(entry);
      else if (entry.ours) entry.channel.postMessage('heir' satisfies Message);
    },
  };
}

function load(path: string): Entry {
  let lib: CryptokiLibrary;
  try {
    lib = graphene.Module.load(path).lib;
  } catch (error) {
    throw new HsmError('retryable', 'MODULE_MISSING', `PKCS#11 module can't be loaded: ${error instanceof Error ? error.message : path}`);
  }
  const channel = new BroadcastChannel(`countersign-pkcs11:${path}`);
  const entry: Entry = { lib, channel, users: new Set(), ours: false, stale: false, inFlight: 0, queue: Promise.resolve(), onHere: null };
  channel.onmessage = (event: unknown) => heard(entry, event);
  channel.unref();
  return entry;
}

function heard(entry: Entry, event: unknown): void {
  const message = typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined;
  if (message === 'who' && entry.users.size > 0) entry.channel.postMessage('here' satisfies Message);
  if (message === 'here') entry.onHere?.();
  if (message === 'heir' && entry.users.size > 0) entry.ours = true;
  if (message === 'lost') {
    entry.stale = true;
    for (const suspect of [...entry.users]) suspect();
  }
}

/** Whether nobody uses the module: no user of this thread, no call that is still running (finalizing under it ends in a crash), no other thread. */
async function isIdle(entry: Entry): Promise<boolean> {
  if (!entry.ours || entry.users.size > 0 || entry.inFlight > 0) return false;
  const alone = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(true), FELLOW_ANSWERS_WITHIN_MS);
    entry.onHere = () => {
      clearTimeout(timer);
      resolve(false);
    };
    entry.channel.postMessage('who' satisfies Message);
  });
  entry.onHere = null;
  return alone && entry.users.size === 0;
}

function finalize(entry: Entry): void {
  entry.ours = false;
  entry.stale = false;
  try {
    entry.lib.C_Finalize();
  } catch (error) {
    // Already finalized by somebody else is what was wanted; anything else shows at C_Initialize.
    if (toCryptokiError('C_Finalize', error).code !== CKR.CRYPTOKI_NOT_INITIALIZED) entry.stale = true;
  }
}

function initialize(entry: Entry): void {
  try {
    // Without CKF_OS_LOCKING_OK two concurrent calls into SoftHSM2 end in a segmentation fault.
    entry.lib.C_Initialize({ flags: CKF_OS_LOCKING_OK });
    entry.ours = true;
  } catch (thrown) {
    const error = toCryptokiError('C_Initialize', thrown);
    if (error.code !== CKR.CRYPTOKI_ALREADY_INITIALIZED) throw error;
  }
}
