import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import type { Ledger, LedgerIntent, LedgerSigner } from '#signing/contract.js';
import { startPostgres, type PostgresServer } from '#test/fixtures/postgres.js';
import { packageRoot } from '../../worker-entry.js';
import { openLedger } from '../open-ledger.js';
import { openPostgresLedger, type PostgresLedgerOptions } from './postgres-ledger.js';

const compiled = pathToFileURL(join(packageRoot, 'dist/libs/platform/src/ledger/postgres/postgres-ledger.js')).href;
const signerOf = (name = 'signer-1'): LedgerSigner => ({ name, incarnation: randomUUID() });
const intentOf = (): LedgerIntent => ({ signOrderId: randomUUID(), operationId: 'op', keyId: 'key', count: 1, relied: [] });
const GRANT = { atMost: 1_000_000 };
const taken = { name: 'LedgerNameTakenError' };

let server: PostgresServer;
const opened: Ledger[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query('DROP SCHEMA IF EXISTS countersign_ledger CASCADE').finally(() => client.end());
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(opened.splice(0).map((l) => l.close()));
});

const open = async (more: Partial<PostgresLedgerOptions> = {}): Promise<Ledger> => {
  const ledger = await openPostgresLedger({ url: server.url, claimWaitMs: 1_000, graceMs: 300, ...more });
  opened.push(ledger);
  return ledger;
};

/** A process that claims a name and says what came of it; `more` sees `ledger`, `signer` and `say(text)`. */
const signerProcess = (name: string, claimWaitMs: number, more = ''): ChildProcess => {
  const script = `
    import { writeSync } from 'node:fs';
    import { randomUUID } from 'node:crypto';
    import { openPostgresLedger } from '${compiled}';
    const say = (text) => writeSync(1, text + '\\n');
    const signer = { name: ${JSON.stringify(name)}, incarnation: randomUUID() };
    const ledger = await openPostgresLedger({ url: ${JSON.stringify(server.url)}, claimWaitMs: ${claimWaitMs}, graceMs: 300 });
    await ledger.claimName(signer).then(() => say('claimed'), (error) => say(error.name));
    setInterval(() => ledger.heartbeat(signer).catch((error) => say(error.name)), 200);
    ${more}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
  children.push(child);
  return child;
};
const linesOf = (child: ChildProcess): AsyncIterableIterator<string> => {
  if (child.stdout === null) throw new Error('the child has no output');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
};
const said = async (lines: AsyncIterableIterator<string>): Promise<unknown> => (await lines.next()).value;
const killed = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

describe('names of signers in a shared ledger', () => {
  it('rule 9: of two processes that claim one at once, one gets it', async () => {
    const both = [signerProcess('signer-1', 500), signerProcess('signer-1', 500)].map(linesOf);
    expect((await Promise.all(both.map(said))).sort()).toEqual(['LedgerNameTakenError', 'claimed']);
  });

  it('rule 9: the next incarnation of a killed process has its name at once', async () => {
    const child = signerProcess('signer-1', 500);
    expect(await said(linesOf(child))).toBe('claimed');
    await killed(child);
    const ledger = await open({ claimWaitMs: 5_000 });
    const began = performance.now();
    await ledger.claimName(signerOf());
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('rule 9: a paused process keeps its name, and a killed one does not', async () => {
    const child = signerProcess('signer-1', 500);
    expect(await said(linesOf(child))).toBe('claimed');
    child.kill('SIGSTOP');
    const ledger = await open();
    const next = signerOf();
    await expect(ledger.claimName(next)).rejects.toMatchObject(taken);
    await expect(ledger.intend(next, intentOf(), GRANT)).rejects.toMatchObject(taken);
    await killed(child);
    await ledger.claimName(next);
    await ledger.intend(next, intentOf(), GRANT);
  });

  it('rule 9: a paused process whose sessions the database ended finds its name taken', async () => {
    const child = signerProcess('signer-1', 500);
    const lines = linesOf(child);
    expect(await said(lines)).toBe('claimed');
    child.kill('SIGSTOP');
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'countersign-ledger-%'`).finally(() => client.end());
    await (await open({ claimWaitMs: 3_000 })).claimName(signerOf());
    child.kill('SIGCONT');
    for await (const line of lines) if (line === 'LedgerNameTakenError') return;
    throw new Error('the process ended');
  });

  it('a paused process keeps nobody else waiting', async () => {
    const child = signerProcess('signer-2', 500, `
      const lane = async () => { for (;;) await ledger.intend(signer, { signOrderId: randomUUID(), operationId: 'op', keyId: 'key', count: 1, relied: [] }, { atMost: 1e6 }); };
      for (let i = 0; i < 16; i++) void lane();
      setTimeout(() => say('busy'), 500);`);
    const lines = linesOf(child);
    expect([await said(lines), await said(lines)]).toEqual(['claimed', 'busy']);
    const ledger = await open();
    const signer = signerOf();
    await ledger.claimName(signer);
    for (let round = 0; round < 5; round++) {
      child.kill('SIGSTOP');
      const began = performance.now();
      await ledger.intend(signer, intentOf(), GRANT);
      expect(performance.now() - began).toBeLessThan(1_000);
      child.kill('SIGCONT');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('does not wait for a name whose holder is heard', async () => {
    const [holder, ledger] = [await open(), await open({ claimWaitMs: 60_000 })];
    const signer = signerOf();
    await holder.claimName(signer);
    const beating = setInterval(() => void holder.heartbeat(signer).catch(() => undefined), 50);
    try {
      await expect(ledger.claimName(signerOf())).rejects.toMatchObject(taken);
    } finally {
      clearInterval(beating);
    }
  });

  it('two that claim a name through one ledger at once do not share it', async () => {
    const ledger = await open();
    const outcomes = await Promise.allSettled([ledger.claimName(signerOf()), ledger.claimName(signerOf())]);
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('gives a released name to another process without waiting', async () => {
    const [first, second] = [await open(), await open({ claimWaitMs: 0, graceMs: 60_000 })];
    const signer = signerOf();
    await first.claimName(signer);
    await first.releaseName(signer);
    await second.claimName(signerOf());
  });

  it('rule 9: signers hear each other', async () => {
    const [first, second] = [await open(), await open()];
    const [one, two] = [signerOf('signer-1'), signerOf('signer-2')];
    await first.claimName(one);
    await second.claimName(two);
    expect((await first.heartbeats()).map(({ name, incarnation }) => ({ name, incarnation }))).toEqual([one, two]);
  });

  it('makes its schema once when several open a blank database together', async () => {
    const configured = openLedger({ kind: 'postgres', url: server.url }).then((ledger) => (opened.push(ledger), ledger));
    const [a, b, c] = await Promise.all([open(), open(), configured]);
    expect(new Set([a.ledgerId, b.ledgerId, c.ledgerId]).size).toBe(1);
  });
});
