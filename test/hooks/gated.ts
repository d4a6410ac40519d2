import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, NewEvent } from '#eventing/event-store.port.js';
import { LedgerUnavailableError } from '#signing/contract.js';
import type { Ledger, LedgerIntent } from '#signing/contract.js';
import type { Gates, Verdict } from './gates.js';

/** An event store that passes `WHO before|after append TYPE STREAM`, `WHO before subscription` for each message, and `WHO before read` for the rest. */
export const gatedStore = (store: EventStore, who: string, gates: Gates): EventStore => {
  const read = <T>(ask: () => Promise<T>): Promise<T> => gates.pass(`${who} before read`).then(ask);
  return {
    storeId: () => read(() => store.storeId()),
    readStream: (stream, options) => read(() => store.readStream(stream, options)),
    readAll: (options) => read(() => store.readAll(options)),
    readAt: (position) => read(() => store.readAt(position)),
    async append(stream, expected, events) {
      const what = `append ${typeOf(events)} ${stream}`;
      failAppend(await gates.pass(`${who} before ${what}`));
      const result = await store.append(stream, expected, events);
      failAppend(await gates.pass(`${who} after ${what}`));
      return result;
    },
    async *subscribe(options) {
      for await (const message of store.subscribe(options)) {
        await gates.pass(`${who} before subscription`);
        yield message;
      }
    },
  };
};
const typeOf = (events: readonly NewEvent[]): string => events[0]?.type ?? '';
function failAppend(verdict: Verdict): void {
  if (verdict === 'refuse') throw new StoreUnavailableError('refused by a hook');
  if (verdict === 'lose') throw new OutcomeUnknownError('lost by a hook');
}

/** A ledger each of whose methods passes `WHO before|after ledger METHOD ORDER`; the last word is there where the method is about an order. */
export const gatedLedger = (ledger: Ledger, who: string, gates: Gates): Ledger =>
  new Proxy(ledger, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const what = ['ledger', String(name), ...orderOf(String(name), args)].join(' ');
        failLedger(await gates.pass(`${who} before ${what}`));
        const result: unknown = await Reflect.apply(member, target, args);
        failLedger(await gates.pass(`${who} after ${what}`));
        return result;
      };
    },
  });
const orderOf = (method: string, args: readonly unknown[]): readonly string[] => {
  if (method === 'intend') return [(args[1] as LedgerIntent).signOrderId];
  return ['release', 'signatures', 'entry'].includes(method) ? [String(args[0])] : [];
};
function failLedger(verdict: Verdict): void {
  if (verdict === 'refuse') throw new LedgerUnavailableError('FAILED', 'refused by a hook');
  if (verdict === 'lose') throw new LedgerUnavailableError('TIMEOUT', 'lost by a hook');
}
