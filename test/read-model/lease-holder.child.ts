import { pause } from '#eventing/pause.js';
import { withLease } from '#eventing/with-lease.js';
import { processCheckpointPart, ProcessCheckpoints } from '#platform/read-model/process-checkpoints.js';
import { openProcessTables } from '#platform/read-model/open-read-model.js';
import { openPostgresLeases } from '#platform/read-model/postgres-leases.js';

// Counts in a checkpoint, under a lease, until it is killed; tells each count and when it loses the lease.
const [, , url = '', name = ''] = process.argv;
const tables = await openProcessTables({ readModel: { kind: 'postgres', url }, dataDir: '', parts: [processCheckpointPart] });
const checkpoints = new ProcessCheckpoints(tables);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
process.once('SIGTERM', () => stopping.abort());
const stopping = new AbortController();
await withLease({
  leases: openPostgresLeases(url, { holder: `child-${process.pid}`, predecessor: undefined }),
  name,
  stopping: stopping.signal,
  changed: (held) => say(held ? 'held' : 'not held'),
  failed: (error) => say(`failed ${String(error)}`),
  run: async ({ lease, signal, fenced }) => {
    for (let count = Number((await checkpoints.load(name))?.position ?? 0) + 1; !signal.aborted; count += 1) {
      await fenced(() => checkpoints.save(name, { storeId: lease.fence.toString(), position: String(count), eventId: String(process.pid) }, lease));
      await pause(5, signal);
    }
  },
});
process.exit(0);
