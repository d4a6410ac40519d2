import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { LedgerIntentExistsError, type Ledger, type LedgerIntent, type LedgerSigner } from '#signing/contract.js';
import { startPostgres, type PostgresServer } from '#test/fixtures/postgres.js';
import { requireDurable } from './durable-database.js';
import { openPostgresLedger, type PostgresLedgerOptions } from './postgres-ledger.js';
import { startCuttingProxy, type CuttingProxy } from './testing/cutting-proxy.js';

const signer: LedgerSigner = { name: 'signer-1', incarnation: 'first' };
const intentOf = (more: Partial<LedgerIntent> = {}): LedgerIntent => ({ signOrderId: randomUUID(), operationId: 'op', keyId: 'key', count: 1, relied: [], ...more });
const GRANT = { atMost: 100_000 };
const unavailable = (reason = 'FAILED'): object => ({ name: 'LedgerUnavailableError', reason });

let server: PostgresServer;
let proxy: CuttingProxy;
let url: string;
const opened: Ledger[] = [];
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = await startCuttingProxy(server.port);
  await asked('DROP SCHEMA IF EXISTS countersign_ledger CASCADE');
  url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((l) => l.close()));
  await proxy.end();
});

const open = async (more: Partial<PostgresLedgerOptions> = {}): Promise<Ledger> => {
  const ledger = await openPostgresLedger({ url, claimWaitMs: 1_000, graceMs: 200, timeoutMs: 5_000, ...more });
  opened.push(ledger);
  return ledger;
};
const asked = async (text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  return (await client.query<Record<string, unknown>>(text).finally(() => client.end())).rows;
};
/** Asks again until it is answered, as a signer does; only what is not known is asked again. */
const eventually = async <T>(ask: () => Promise<T>): Promise<T> => {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'LedgerUnavailableError' || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

/** Whether it was counted by an earlier call, which was not answered, or is now. */
const counted = (ledger: Ledger, intent: LedgerIntent, grant = GRANT): Promise<'now' | 'before'> =>
  ledger.intend(signer, intent, grant).then(() => 'now', (error: unknown) => {
    if (error instanceof LedgerIntentExistsError) return 'before';
    throw error;
  });

describe('a lost connection', () => {
  it.each(['before', 'after'] as const)('rule 16: an intent whose connection was cut %s its commit is not answered, and counts once', async (cut) => {
    const ledger = await open();
    await ledger.claimName(signer);
    await ledger.intend(signer, intentOf(), GRANT);
    const intent = intentOf({ count: 3 });
    proxy.cutNext(cut, intent.signOrderId);
    await expect(ledger.intend(signer, intent, { atMost: 4 })).rejects.toMatchObject(unavailable());
    expect(await asked(`SELECT uses::int FROM countersign_ledger.spent`)).toEqual([{ uses: cut === 'after' ? 4 : 1 }]);
    expect(await eventually(() => counted(ledger, intent, { atMost: 4 }))).toBe(cut === 'after' ? 'before' : 'now');
    expect(await ledger.spent('op', 'key')).toBe(4);
    expect((await ledger.head()).head).toMatch(/^2-/);
  });

  it.each(['before', 'after'] as const)('rule 16: a release cut %s its commit gives back once', async (cut) => {
    const ledger = await open();
    await ledger.claimName(signer);
    const intent = intentOf({ count: 3 });
    await ledger.intend(signer, intent, GRANT);
    proxy.cutNext(cut, '"release"');
    await expect(ledger.release(intent.signOrderId, 2)).rejects.toMatchObject(unavailable());
    await eventually(() => ledger.release(intent.signOrderId, 2));
    expect(await ledger.spent('op', 'key')).toBe(1);
  });

  it('rule 9: a name is taken again with the next connection', async () => {
    const ledger = await open();
    await ledger.claimName(signer);
    proxy.cutAll(false);
    await eventually(() => ledger.heartbeat(signer));
    await eventually(() => ledger.intend(signer, intentOf(), GRANT));
    const other = await open({ url: server.url });
    await expect(other.claimName({ ...signer, incarnation: 'second' })).rejects.toMatchObject({ name: 'LedgerNameTakenError' });
  });

  it('rule 9: a name that another incarnation took meanwhile is lost, and nothing is taken from its former holder', async () => {
    const ledger = await open();
    await ledger.claimName(signer);
    proxy.cutAll(true);
    const next = await open({ url: server.url });
    await next.claimName({ ...signer, incarnation: 'second' });
    proxy.cutAll(false);
    await expect(eventually(() => ledger.intend(signer, intentOf(), GRANT))).rejects.toMatchObject({ name: 'LedgerNameTakenError' });
    await expect(ledger.heartbeat(signer)).rejects.toMatchObject({ name: 'LedgerNameTakenError' });
    await next.releaseName({ ...signer, incarnation: 'second' });
    await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toMatchObject({ name: 'LedgerRefusedError', reason: 'NAME_NOT_HELD' });
    expect(await ledger.spent('op', 'key')).toBe(0);
  });

  it('rule 9: a session that is half open is ended by who held its name, and by nobody else', async () => {
    const ledger = await open({ timeoutMs: 500 });
    await ledger.claimName(signer);
    proxy.silence();
    await expect(ledger.heartbeat(signer)).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    await eventually(() => ledger.intend(signer, intentOf(), GRANT));
    expect(await asked(`SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([{ n: 1 }]);
  });

  it('rule 9: silence counts anew', async () => {
    const clock = { now: 0, monotonic: () => clock.now };
    const other = await open({ url: server.url });
    await other.claimName({ name: 'signer-2', incarnation: 'other' });
    const ledger = await open({ clock });
    const step = async (): Promise<number | undefined> => {
      clock.now += 5_000;
      await asked(`UPDATE countersign_ledger.names SET heard_at = heard_at - interval '5 s'`);
      return (await eventually(() => ledger.heartbeats()))[0]?.silentMs;
    };
    expect([await step(), await step()]).toEqual([5_000, 10_000]);
    proxy.cutAll(false);
    expect(await step()).toBe(0);
    expect(await step()).toBe(5_000);
  });

  it('refuses what waits too long, sends it never, and goes on by itself', async () => {
    const ledger = await open({ timeoutMs: 300 });
    await ledger.claimName(signer);
    proxy.cutAll(true);
    const late = intentOf();
    await expect(ledger.intend(signer, late, GRANT)).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toMatchObject(unavailable('TIMEOUT'));
    await expect(ledger.spent('op', 'key')).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    proxy.cutAll(false);
    await eventually(() => ledger.intend(signer, intentOf(), GRANT));
    expect(await ledger.entry(late.signOrderId)).toBeUndefined();
  });
});

describe('a lost database', () => {
  it('rule 16: what was acknowledged is there after it was killed in the middle of writing, and signing goes on', async () => {
    const ledger = await open({ url: server.url });
    await ledger.claimName(signer);
    const acknowledged: string[] = [];
    const sent: LedgerIntent[] = [];
    let going = true;
    const lane = async (): Promise<void> => {
      while (going) {
        const intent = intentOf();
        sent.push(intent);
        await eventually(() => counted(ledger, intent));
        acknowledged.push(intent.signOrderId);
      }
    };
    const lanes = Promise.all(Array.from({ length: 8 }, lane));
    for (let round = 0; round < 2; round++) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 100) await new Promise((resolve) => setTimeout(resolve, 5));
      await server.kill();
      const known = [...acknowledged];
      await server.start();
      for (const id of [known.at(0), known.at(-1)]) expect(await eventually(() => ledger.entry(id ?? ''))).toBeDefined();
    }
    going = false;
    await lanes;
    expect(await ledger.spent('op', 'key')).toBe(sent.length);
    expect(await ledger.head()).toMatchObject({ orders: sent.length, usesSpent: sent.length });
  });

  it('answers in time while the database does not', async () => {
    const ledger = await open({ url: server.url, timeoutMs: 300 });
    await ledger.claimName(signer);
    server.pause();
    try {
      await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
      await expect(ledger.heartbeats()).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    } finally {
      server.resume();
    }
    await eventually(() => ledger.intend(signer, intentOf(), GRANT));
  });

  it('rule 16: one that was set back behind what it had acknowledged is not written to', async () => {
    const ledger = await open({ timeoutMs: 1_000 });
    await ledger.claimName(signer);
    await ledger.intend(signer, intentOf(), GRANT);
    await asked('DELETE FROM countersign_ledger.intents; DELETE FROM countersign_ledger.spent');
    proxy.cutAll(false);
    // The first one may still have been on its way.
    await expect(ledger.heartbeat(signer)).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    await expect(ledger.intend(signer, intentOf(), GRANT)).rejects.toMatchObject({ message: expect.stringContaining('set back') as string });
    expect(await asked('SELECT 1 FROM countersign_ledger.intents')).toEqual([]);
  });
});

describe('a database that is none for a ledger', () => {
  it.each([
    ['fsync', 'fsync must be on'],
    ['full_page_writes', 'full_page_writes must be on'],
  ])('rule 16: refuses one with %s off', async (setting, message) => {
    const careless = await startPostgres({ fsync: true, settings: { [setting]: 'off' } });
    try {
      await expect(openPostgresLedger({ url: careless.url })).rejects.toMatchObject({ ...unavailable(), message: expect.stringContaining(message) as string });
    } finally {
      await careless.stop();
    }
  });

  it('rule 16: flushes before it answers, whatever the default of the database is', async () => {
    const client = new Client({ connectionString: server.url, options: '-c synchronous_commit=off' });
    await client.connect();
    try {
      await requireDurable(client);
      expect((await client.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
    } finally {
      await client.end();
    }
  });

  it('refuses one of a later version, and one where nothing can be written', async () => {
    await open();
    await asked(`UPDATE countersign_ledger.facts SET value = '99' WHERE name = 'version'`);
    await expect(open()).rejects.toMatchObject({ ...unavailable(), message: expect.stringContaining('version 99') as string });
    await expect(open({ url: `${server.url}?options=-c%20default_transaction_read_only%3Don` })).rejects.toMatchObject({ message: expect.stringContaining('takes no writes') as string });
  });

  it('rule 19: tells no password', async () => {
    const secret = 'v3ry-s3cret';
    for (const bad of [`postgres://u:${secret}@127.0.0.1:1/ledger`, `postgres://u:${secret}@[`, `postgres://u:${secret}@127.0.0.1:${server.port}/no-such-database`]) {
      const error: unknown = await openPostgresLedger({ url: bad, timeoutMs: 1_000 }).catch((e: unknown) => e);
      expect(error).toMatchObject({ name: 'LedgerUnavailableError' });
      expect(JSON.stringify([error, error instanceof Error ? [error.message, error.stack] : ''])).not.toContain(secret);
    }
  });
});
