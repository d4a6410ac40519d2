import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { MessagePort, Worker } from 'node:worker_threads';
import { eventStoreContract } from '#eventing/testing/event-store-contract.js';
import type { OpenedStore } from '#eventing/testing/opened-store.js';
import { workerEntry } from '../worker-entry.js';
import { connectEmbeddedLog } from './embedded-log-client.js';
import type { EmbeddedLogClient } from './embedded-log-client.js';
import { openTemporaryLog, temporaryFolder } from './testing/temporary-log.js';

/** The log is owned by one thread and used in this one, by a port that crossed over. */
const openFromOtherThread = async (): Promise<OpenedStore> => {
  const dir = temporaryFolder();
  let owner: Worker;
  let client: EmbeddedLogClient;
  const open = async (): Promise<EmbeddedLogClient> => {
    owner = new Worker(workerEntry('libs/platform/src/embedded-log/testing/log-owner.worker'), { workerData: { dir } });
    owner.postMessage('attach');
    const [port] = (await once(owner, 'message')) as unknown[];
    if (!(port instanceof MessagePort)) throw new Error('no port came');
    client = connectEmbeddedLog(port);
    return client;
  };
  const close = async (): Promise<void> => {
    const exited = once(owner, 'exit');
    owner.postMessage('close');
    await exited;
    client.close();
  };
  return {
    store: await open(),
    reopen: async () => {
      await close();
      return open();
    },
    close: async () => {
      await close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

eventStoreContract('embedded log', openTemporaryLog);
eventStoreContract('embedded log, from another thread', openFromOtherThread);
