import { Client } from 'pg';
import { ledgerContract } from '#signing/application/ports/testing/ledger-contract.js';
import { startPostgres, type PostgresServer } from '#test/fixtures/postgres.js';
import { openPostgresLedger } from './postgres-ledger.js';

const clock = { now: 1_000_000, monotonic: () => clock.now };
const HEARTBEAT_MS = 5_000;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
});
afterAll(() => server.stop());

const asked = async (url: string, text: string, ...values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  return (await client.query<Record<string, unknown>>(text, [...values]).finally(() => client.end())).rows;
};

ledgerContract('postgres', async () => {
  // A database takes long to make, a schema does not.
  await asked(server.url, 'DROP SCHEMA IF EXISTS countersign_ledger CASCADE');
  const url = server.url;
  const open = (): ReturnType<typeof openPostgresLedger> => openPostgresLedger({ url, clock, claimWaitMs: 300, graceMs: 200 });
  let ledger = await open();
  return {
    ledger,
    reopen: async () => {
      await ledger.close();
      return (ledger = await open());
    },
    // Time passes for the database and for who listens, heartbeat by heartbeat: what nobody read is no silence.
    advance: async (ms) => {
      for (let left = ms; left > 0; left -= HEARTBEAT_MS) {
        const step = Math.min(left, HEARTBEAT_MS);
        await asked(url, `UPDATE countersign_ledger.names SET heard_at = heard_at - $1 * interval '1 millisecond'`, step);
        clock.now += step;
        await ledger.heartbeats();
      }
    },
    end: () => ledger.close(),
  };
});
