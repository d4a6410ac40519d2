import type { EventStore } from '#eventing/event-store.port.js';
import { connectEmbeddedLog } from '#platform/embedded-log/embedded-log-client.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { openEventStoreDB } from '#platform/eventstoredb/eventstoredb.js';
import { figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { runHotOperation } from '#test/contention/hot-operation.js';
import type { HotOperationFigures } from '#test/contention/hot-operation.js';

export interface Connected {
  readonly store: EventStore;
  readonly close: () => Promise<void>;
}
/** A store that is measured, and a connection to it for each process that is played. */
export interface MeasuredStore {
  readonly name: string;
  connect(): Connected;
  close(): Promise<void>;
}

/** @param dir on the disk that is to be measured */
export async function embeddedStore(dir: string): Promise<MeasuredStore> {
  const log = await openEmbeddedLog({ dir });
  return {
    name: 'embedded',
    connect: () => {
      const store = connectEmbeddedLog(log.attach());
      return { store, close: () => Promise.resolve(store.close()) };
    },
    close: () => log.close(),
  };
}

export const eventStoreDB = (name: string, url: string): MeasuredStore => ({ name, connect: () => openEventStoreDB({ url }), close: () => Promise.resolve() });

/** How long an order is in the signer, ms: what the benchmark of single orders found. */
const SIGN_MS = 5;

/** Keyed orders on one new operation, from `apis` api processes of `clients` each, whose ends one worker books. */
export async function measureContention(measured: MeasuredStore, apis: number, clients: number, seconds: number): Promise<HotOperationFigures> {
  const worker = measured.connect();
  const connections = Array.from({ length: apis }, () => measured.connect());
  try {
    return await runHotOperation({ apis: connections.map((c) => c.store), worker: worker.store, clients, ms: seconds * 1_000, signMs: SIGN_MS, keyed: true, following: true });
  } finally {
    for (const { close } of [worker, ...connections]) await close();
  }
}

/** Api-side clients of one operation, over two api processes where there is more than one. */
const LOADS = [[1, 1], [2, 2], [2, 8]] as const;

/** Orders a second on one operation. */
export async function contentionRows(measured: MeasuredStore, seconds: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [apis, clients] of LOADS) {
    const { perSecond, appends, conflicts, accepted, p99 } = await measureContention(measured, apis, clients, seconds);
    const name = `one operation on ${measured.name}, ${apis * clients} client${apis * clients === 1 ? '' : 's'} of ${apis} api`;
    rows.push(figure(name, perSecond, 'orders/s'), figure(`${name}: p99 until reserved`, p99, 'ms'), figure(`${name}: reserved by one append`, accepted / appends, 'orders'), figure(`${name}: conflicts of an append`, conflicts / appends, 'conflicts'));
  }
  return rows;
}
