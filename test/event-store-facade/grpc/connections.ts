import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';

/** The port, and every connection to it, so that one can be cut in the middle of a call. */
export class Connections {
  readonly #sockets = new Map<string, Socket>();
  readonly #listener: NetServer;
  #refusing = false;
  #reopen: NodeJS.Timeout | undefined;

  constructor(server: Server) {
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer({ noDelay: true }, (socket) => {
      if (this.#refusing) {
        socket.resetAndDestroy();
        return;
      }
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      this.#sockets.set(peer, socket);
      socket.once('close', () => this.#sockets.delete(peer));
      // A client that is gone is no error of this server.
      socket.on('error', () => undefined);
      injector.injectConnection(socket);
    });
  }

  /** @returns the port */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(port, '127.0.0.1', () => resolve());
    });
    return (this.#listener.address() as AddressInfo).port;
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** @param peer as a call names it; a cut one is not there any more */
  cut(peer: string): void {
    this.#sockets.get(peer)?.resetAndDestroy();
  }
  cutAll(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  /** Cuts all and resets who comes, for a while. */
  refuseFor(ms: number): void {
    clearTimeout(this.#reopen);
    this.#refusing = true;
    this.#reopen = setTimeout(() => (this.#refusing = false), ms);
    this.cutAll();
  }
  /** Ends a refusal. */
  admit(): void {
    clearTimeout(this.#reopen);
    this.#refusing = false;
  }

  async close(): Promise<void> {
    clearTimeout(this.#reopen);
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }
}
