import { loadConfig } from '#platform/config/load-config.js';
import { restoreBackup } from '#platform/backup/restore-backup.js';
import { systemClock } from '#platform/time/system-clock.js';
import { optionsOf, required } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Puts a backup in the place of the embedded event store. Stop the service first.

usage: countersign restore --from DIR

  --from    a folder that \`countersign backup\` made

The backup is proven before anything is changed. The events that were there are kept aside. The signer's ledger and the token are not touched. Read models,
checkpoints and snapshots are removed, and made anew at the next start.
Where the ledger knows of more than the backup holds, nothing is signed (STORE_BEHIND) until two administrators name the ledger's head: countersign ledger accept.
`;

async function run(args: readonly string[], { out, env }: Surroundings): Promise<void> {
  const from = required('from', optionsOf(args, { from: 'string' }).from);
  const { dataDir, eventStore } = loadConfig(env, { role: 'tool' });
  if (eventStore.kind !== 'embedded') throw new Error('the configuration names EventStoreDB, which has tools of its own for restoring');
  const { manifest, aside } = await restoreBackup({ from, dataDir, clock: systemClock });
  out.write(`${manifest.events} events of ${manifest.takenAt} are restored in ${dataDir}${aside === undefined ? '' : `; what was there is kept in ${aside}`}\n`);
  out.write('where the signer saw more than the backup holds, /readyz says STORE_BEHIND and nothing is signed: two administrators then name the head that `countersign ledger` shows, with `countersign ledger accept`\n');
}

export const restore: Subcommand = { name: 'restore', summary: 'bring a backup back', help: HELP, run };
