import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { copyStore } from '#platform/store-copy/copy-store.js';
import { openForCopy } from '#platform/store-copy/open-for-copy.js';
import type { StoreAddress } from '#platform/store-copy/open-for-copy.js';
import { systemClock } from '#platform/time/system-clock.js';
import { Progress } from './progress.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Moves the whole history of events from one store to another. Stop every process that uses either of them first.

usage: countersign store copy --from <store> --to <store> [--again]

  <store>   embedded:DIR     the embedded store in the data folder DIR
            esdb://…         EventStoreDB, by a connection string of its client (esdb+discover://… as well)
  --to      an empty store, or one in which this command was stopped: it goes on where it was
  --again   although the source was moved to another store before, which is lost or given up for ever

Events keep ids, types, data, metadata, their streams and revisions, and the order of all of them. At its end every event of the target is compared with the
source. The last event of the source then says that it is sealed: nothing starts on it any more. Read models and checkpoints are made anew from the target.
Stopped or killed at any moment, it may be run again.
`;

/** @throws UsageError, which does not show a connection string */
function storeAt(name: string, address: string): StoreAddress {
  if (/^esdb(?:\+discover)?:\/\/\S+$/.test(address)) return { kind: 'esdb', url: address };
  const dir = /^embedded:(.+)$/.exec(address)?.[1];
  if (dir === undefined) throw new UsageError(`--${name} must be embedded:DIR or esdb://…`);
  return { kind: 'embedded', dir: resolve(dir) };
}

async function run(args: readonly string[], { out, err, signal }: Surroundings): Promise<void> {
  const options = optionsOf(args, { from: 'string', to: 'string', again: 'boolean' });
  const from = storeAt('from', required('from', options.from));
  const to = storeAt('to', required('to', options.to));
  if (isDeepStrictEqual(from, to)) throw new UsageError('--from and --to name the same store');
  const progress = new Progress(err);
  const source = await openForCopy(from, { create: false, signal });
  try {
    const target = await openForCopy(to, { create: true, signal });
    try {
      const done = await copyStore({
        source: source.store,
        target: target.store,
        window: target.window,
        again: options.again === true,
        clock: systemClock,
        signal,
        advanced: (phase, events, at, head) => progress.update(phase, head === 0n ? 1 : Number(at) / Number(head), events, 'events'),
      });
      progress.end();
      const rate = Math.round((done.copied * 1_000) / Math.max(done.copyMs, 1));
      out.write(`${done.events} events of ${done.streams} streams are in the target, all of them compared; ${done.copied} were copied in ${(done.copyMs / 1_000).toFixed(1)} s, ${rate} a second\n`);
      out.write(`the source is sealed; from now on the configuration has to name the target, the store ${done.storeId}\n`);
    } finally {
      progress.end();
      await target.close();
    }
  } finally {
    await source.close();
  }
}

export const copy: Subcommand = { name: 'store copy', summary: 'move all events from one store to another', help: HELP, run };
