import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { Engine } from './engine/engine.js';
import { parseFaultOrder } from './faults/fault.js';
import type { FaultOrder } from './faults/fault.js';
import { FaultBook } from './faults/fault-book.js';
import type { OrderedFault } from './faults/fault-book.js';
import { serveAppend } from './grpc/append-call.js';
import { serveBatchAppend } from './grpc/batch-append-call.js';
import type { Facade as Shared } from './grpc/call.js';
import { Connections } from './grpc/connections.js';
import { serveDelete, serveTombstone } from './grpc/delete-call.js';
import { ServerFeaturesService, StreamsService } from './grpc/generated.js';
import { serveRead } from './grpc/read-call.js';
import { serveFeatures } from './grpc/server-features.js';

/** What a message may have at most, as a server takes it. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_APPEND_BYTES = 1024 * 1024;

export interface FacadeOptions {
  /** 0, unless told, takes a free one. */
  readonly port?: number;
  /** Where the events are kept; without it they are kept in memory. */
  readonly dir?: string;
  readonly faults?: readonly FaultOrder[];
  /** Bytes of data that one append may have; 1 MiB unless told. */
  readonly maxAppendBytes?: number;
  /** As the server tells the client. */
  readonly version?: string;
}

/** How a facade is made to fail. */
export interface FacadeControl {
  /** Orders a fault. @returns its id @throws FaultOrderError */
  add(order: FaultOrder): string;
  remove(id: string): boolean;
  /** Takes all faults back and ends outages. */
  clear(): void;
  list(): readonly OrderedFault[];
  /** How often a fault befell something. */
  fired(id: string): number;
  /** Cuts every connection. */
  cut(): void;
  /** Answers everything with UNAVAILABLE for so many ms. */
  unavailable(ms: number): void;
  /** Cuts every connection and accepts none for so many ms. */
  down(ms: number): void;
  status(): FacadeStatus;
}
export interface FacadeStatus {
  readonly port: number;
  readonly connections: number;
  readonly subscriptions: number;
  /** Position of the last event, 0 without any. */
  readonly position: number;
}
export interface Facade {
  readonly port: number;
  /** A connection string for the client. */
  readonly url: string;
  readonly control: FacadeControl;
  /** Cuts every connection and lets the file go. */
  close(): Promise<void>;
}

/** Starts a server that speaks to the client of EventStoreDB as that does. For tests: it is no proof of compatibility. */
export async function startFacade(options: FacadeOptions = {}): Promise<Facade> {
  const { port = 0, dir, faults = [], maxAppendBytes = MAX_APPEND_BYTES, version = '24.2.0' } = options;
  const book = new FaultBook();
  for (const order of faults) book.add(parseFaultOrder(order));
  if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const engine = new Engine(dir === undefined ? undefined : join(dir, 'facade.db'));
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES, 'grpc.max_send_message_length': -1, 'grpc.max_concurrent_streams': 100_000 });
  const connections = new Connections(server);
  serve(server, { engine, faults: book, connections, maxAppendBytes }, version);
  const bound = await connections.listen(port);
  const control: FacadeControl = {
    add: (order) => book.add(parseFaultOrder(order)),
    remove: (id) => book.remove(id),
    clear: () => {
      book.clear();
      connections.admit();
    },
    list: () => book.list(),
    fired: (id) => book.fired(id),
    cut: () => connections.cutAll(),
    unavailable: (ms) => book.unavailableFor(ms),
    down: (ms) => connections.refuseFor(ms),
    status: () => ({ port: bound, connections: connections.count, subscriptions: engine.followers.size, position: engine.last }),
  };
  const close = async (): Promise<void> => {
    await connections.close();
    server.forceShutdown();
    engine.close();
  };
  return { port: bound, url: `esdb://127.0.0.1:${bound}?tls=false`, control, close };
}

const serve = (server: Server, facade: Shared, version: string): void => {
  const streams: ServiceDefinition = {
    ...StreamsService,
    // One answer, sent as a stream of one: the same on the wire, and it can be sent twice.
    append: { ...StreamsService.append, responseStream: true },
    read: { ...StreamsService.read, responseSerialize: (answer: Buffer) => answer },
  };
  // The definitions say what each handler gets; the types of grpc-js can't tell.
  const implementation = {
    append: serveAppend(facade),
    batchAppend: serveBatchAppend(facade),
    read: serveRead(facade),
    delete: serveDelete(facade),
    tombstone: serveTombstone(facade),
  };
  server.addService(streams, implementation);
  server.addService(ServerFeaturesService, { getSupportedMethods: serveFeatures(version) });
};
