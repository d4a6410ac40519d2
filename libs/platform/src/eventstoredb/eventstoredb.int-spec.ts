import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventStoreContract, notRunOn } from '#eventing/testing/event-store-contract.js';
import type { OpenedStore } from '#eventing/testing/opened-store.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import { openEventStoreDB } from './eventstoredb.js';

/** Over a facade that keeps its events, and over another one on the same folder. */
const openOverFacade = async (): Promise<OpenedStore> => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'countersign-facade-'));
  let facade = await startFacade({ port: 0, dir });
  let adapter = openEventStoreDB(facade);
  const close = async (): Promise<void> => {
    await adapter.close();
    await facade.close();
  };
  return {
    store: adapter.store,
    reopen: async () => {
      await close();
      facade = await startFacade({ port: 0, dir });
      adapter = openEventStoreDB(facade);
      return adapter.store;
    },
    close: async () => {
      await close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Over a server that others use too. */
const openOverServer = (url: string) => (): Promise<OpenedStore> => {
  let adapter = openEventStoreDB({ url });
  return Promise.resolve({
    store: adapter.store,
    reopen: async () => {
      await adapter.close();
      adapter = openEventStoreDB({ url });
      return adapter.store;
    },
    close: () => adapter.close(),
  });
};

eventStoreContract('EventStoreDB adapter over the facade', openOverFacade);
const url = process.env['ESDB_URL'];
if (url === undefined) notRunOn('EventStoreDB adapter over a real server', 'ESDB_URL is not set');
else eventStoreContract('EventStoreDB adapter over the server of ESDB_URL', openOverServer(url));
