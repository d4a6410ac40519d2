import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import { openPostgresLedger } from '#platform/ledger/postgres/postgres-ledger.js';
import { runCommandLine } from '#apps/cli/src/command-line/run-command-line.js';
import { startPostgres } from '#test/fixtures/postgres.js';
import type { PostgresServer } from '#test/fixtures/postgres.js';

const text = (stream: PassThrough): string => ((stream.read() as Buffer | null) ?? '').toString();
const run = async (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await runCommandLine(args, { out, err, env: {}, signal: new AbortController().signal });
  return { code, out: text(out), err: text(err) };
};

describe('countersign ledger, of a ledger in PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await startPostgres({ fsync: true })));
  afterAll(() => server.stop());

  it('shows what several signers share, and when each was heard', async () => {
    const url = await server.database();
    const ledger = await openPostgresLedger({ url });
    const [one, two] = [{ name: 'signer-1', incarnation: 'i-1' }, { name: 'signer-2', incarnation: 'i-2' }];
    await ledger.claimName(one);
    await ledger.claimName(two);
    const relied = [{ stream: 'operation-op', revision: 1, hash: 'a'.repeat(64) }];
    await ledger.intend(one, { signOrderId: 'o-1', operationId: 'op', keyId: 'k-1', count: 3, relied }, { atMost: 10 });
    await ledger.intend(two, { signOrderId: 'o-2', operationId: 'op', keyId: 'k-2', count: 4, relied }, { atMost: 10 });
    const { head } = await ledger.head();
    const shown = await run('ledger', '--ledger', url);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain(`head        ${ledger.ledgerId}:${head}\norders      2\nuses spent  7, of 2 keys\n`);
    expect(shown.out).toMatch(/^signers {5}signer-1, heard \d+ s ago, incarnation i-1\n {12}signer-2, heard \d+ s ago, incarnation i-2$/m);
    // Looking changed nothing.
    expect((await ledger.head()).head).toBe(head);
    await ledger.heartbeat(one);
    await ledger.close();
  });

  it('makes none where there is none, and shows no password', async () => {
    const url = await server.database();
    expect(await run('ledger', '--ledger', url)).toEqual({ code: 1, out: '', err: expect.stringMatching(/^countersign ledger: .*holds no ledger.*\n$/) as unknown });
    const client = new Client({ connectionString: url });
    await client.connect();
    expect((await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'countersign_ledger'")).rows).toEqual([]);
    await client.end();
    const { code, err } = await run('ledger', '--ledger', 'postgres://signer:s3cret@127.0.0.1:1/ledger');
    expect(code).toBe(1);
    expect(err).not.toContain('s3cret');
  });
});
