import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * `before`: the next request does not reach the server. `after`: it does, and its answer is lost. Either way the connection is gone.
 * With `hold-` it stays, and nothing more comes through it.
 */
export type Cut = 'before' | 'after' | 'hold-before' | 'hold-after';

/** Stands between a client and a server, and cuts the line when a test says so. */
export interface CuttingProxy {
  readonly port: number;
  /** At the next request that holds `text`. */
  cutNext(cut: Cut, text: string): void;
  /** Whether that request has come. */
  struck(): boolean;
  /** Cuts everything there is; `refuse`: and what comes next. */
  cutAll(refuse: boolean): void;
  /** Nothing gets through in either direction, and nobody is told: the peer is still there, as far as one can see. */
  silence(): void;
  end(): Promise<void>;
}

export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  const lines = new Set<readonly [Socket, Socket]>();
  let next: { readonly cut: Cut; readonly text: string } | undefined;
  let refusing = false;
  const drop = (line: readonly [Socket, Socket]): void => line.forEach((socket) => socket.destroy());
  const proxy = createServer((client) => {
    if (refusing) return void client.destroy();
    const server = connect(serverPort, '127.0.0.1');
    const line = [client, server] as const;
    lines.add(line);
    let done: Cut | undefined;
    client.on('data', (data) => {
      if (done !== undefined) return;
      if (next !== undefined && data.includes(next.text)) {
        done = next.cut;
        next = undefined;
      }
      if (done === 'before') return drop(line);
      if (done !== 'hold-before') server.write(data);
    });
    server.on('data', (data) => {
      if (done === undefined) client.write(data);
      else if (done === 'after') drop(line);
    });
    for (const socket of line) socket.on('error', () => undefined).on('close', () => (drop(line), lines.delete(line)));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    cutNext: (cut, text) => (next = { cut, text }),
    struck: () => next === undefined,
    cutAll(refuse) {
      refusing = refuse;
      for (const line of lines) drop(line);
    },
    silence() {
      for (const [client, server] of lines) for (const socket of [client, server]) socket.pause();
    },
    async end() {
      for (const line of lines) drop(line);
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
