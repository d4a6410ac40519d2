import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { FromLedgerThread, LedgerRequest, LedgerThreadSettings, ToLedgerThread } from './ledger-calls.js';
import { LedgerWriter, storageReason } from './ledger-writer.js';

/** Bounds what one flush makes wait, and what one failure rejects. */
const MAX_GROUP = 512;

if (parentPort === null) throw new Error('ledger.worker runs as a worker thread');
const port = parentPort;
const tell = (message: FromLedgerThread): void => port.postMessage(message);

const open = (): LedgerWriter | undefined => {
  try {
    return new LedgerWriter(workerData as LedgerThreadSettings);
  } catch (error) {
    tell({ refusedToOpen: { reason: storageReason(error), message: error instanceof Error ? error.message : String(error) } });
    return undefined;
  }
};

const serve = (writer: LedgerWriter): void => {
  let waiting: LedgerRequest[] = [];
  let closing = false;
  let scheduled = false;
  const take = (message: ToLedgerThread): void => {
    if ('close' in message) closing = true;
    else waiting = waiting.concat(message.requests);
  };
  const commit = (): void => {
    scheduled = false;
    // Whatever came while the last flush ran goes into this one.
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) take(next.message as ToLedgerThread);
    const group = waiting.slice(0, MAX_GROUP);
    waiting = waiting.slice(MAX_GROUP);
    if (group.length > 0) tell({ answers: writer.commit(group) });
    if (waiting.length > 0) schedule();
    else if (closing) {
      writer.close();
      tell({ closed: true });
      port.close();
    }
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(commit);
  };
  port.on('message', (message: ToLedgerThread) => {
    take(message);
    schedule();
  });
  tell({ ready: writer.facts });
};

const writer = open();
if (writer !== undefined) serve(writer);
