import type { EventStore, NewEvent } from '#eventing/event-store.port.js';
import type { Ledger } from '#signing/contract.js';
import type { Gates } from './gates.js';

/** An event store that passes `SIGNER before|after append TYPE`, `SIGNER before subscription` for each message, and `SIGNER before read` for the rest. */
export const gatedStore = (store: EventStore, signer: string, gates: Gates): EventStore => {
  const read = <T>(ask: () => Promise<T>): Promise<T> => gates.pass(`${signer} before read`).then(ask);
  return {
    storeId: () => read(() => store.storeId()),
    readStream: (stream, options) => read(() => store.readStream(stream, options)),
    readAll: (options) => read(() => store.readAll(options)),
    readAt: (position) => read(() => store.readAt(position)),
    async append(stream, expected, events) {
      const what = `append ${typeOf(events)}`;
      await gates.pass(`${signer} before ${what}`);
      const result = await store.append(stream, expected, events);
      await gates.pass(`${signer} after ${what}`);
      return result;
    },
    async *subscribe(options) {
      for await (const message of store.subscribe(options)) {
        await gates.pass(`${signer} before subscription`);
        yield message;
      }
    },
  };
};
const typeOf = (events: readonly NewEvent[]): string => events[0]?.type ?? '';

/** A ledger each of whose methods passes `SIGNER before|after ledger METHOD`. */
export const gatedLedger = (ledger: Ledger, signer: string, gates: Gates): Ledger =>
  new Proxy(ledger, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await gates.pass(`${signer} before ledger ${String(name)}`);
        const result: unknown = await Reflect.apply(member, target, args);
        await gates.pass(`${signer} after ledger ${String(name)}`);
        return result;
      };
    },
  });
