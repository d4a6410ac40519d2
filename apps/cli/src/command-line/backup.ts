import { loadConfig } from '#platform/config/load-config.js';
import { takeBackup } from '#platform/backup/take-backup.js';
import { systemClock } from '#platform/time/system-clock.js';
import { productVersion } from './product-version.js';
import { Progress } from './progress.js';
import { optionsOf, required } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Makes a copy of the embedded event store, also while the service runs, and proves it.

usage: countersign backup --to DIR

  --to      a folder that is empty or does not exist: each backup has its own. While the service runs, it is the service that writes there:
            run the command as its user

All that was acknowledged before the command began is in the backup. Read models, checkpoints and snapshots are not: they are made anew. The signer's ledger
is not either, on purpose: uses that were spent stay spent whatever is restored. Back up the token by its vendor's means.
Events in EventStoreDB are backed up by its own tools.
`;

async function run(args: readonly string[], { out, err, env, signal }: Surroundings): Promise<void> {
  const to = required('to', optionsOf(args, { to: 'string' }).to);
  const { dataDir, eventStore } = loadConfig(env, { role: 'tool' });
  if (eventStore.kind !== 'embedded') throw new Error('the events are in EventStoreDB, which has tools of its own for backups');
  const progress = new Progress(err);
  try {
    const manifest = await takeBackup({ dataDir, to, version: productVersion(), clock: systemClock, signal, advanced: (pages, of) => progress.update('copying', pages / Math.max(of, 1), pages, 'pages') });
    progress.end();
    out.write(`${manifest.events} events of the store ${manifest.storeId} are in ${to}, ${manifest.files[0].bytes} bytes, ${manifest.head === null ? 'empty' : `up to event ${manifest.head.eventId}`}\n`);
  } finally {
    progress.end();
  }
}

export const backup: Subcommand = { name: 'backup', summary: 'copy the embedded event store, while it runs', help: HELP, run };
