import { PassThrough } from 'node:stream';
import { runCommandLine } from './run-command-line.js';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const text = (stream: PassThrough): string => ((stream.read() as Buffer | null) ?? '').toString();
const run = async (...args: readonly string[]): Promise<Said> => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await runCommandLine(args, { out, err, env: {}, signal: new AbortController().signal });
  return { code, out: text(out), err: text(err) };
};
const COMMANDS = ['ceremony', 'store copy', 'backup', 'restore', 'ledger', 'ledger accept', 'credential new', 'credential public', 'approve', 'proof export'];
const HEAD = '3d1b7c3e-6c1c-4f0e-9c67-9f4f2c6b8a10:42-9f86d081884c7d65';
const accept = ['ledger', 'accept', '--head', HEAD, '--comment', 'c'];

describe('countersign', () => {
  it('shows what there is', async () => {
    const { code, out, err } = await run('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of COMMANDS) expect(out).toContain(`  ${name} `);
    expect(await run('--version')).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as unknown, err: '' });
  });

  it.each(COMMANDS)('%s --help shows its own use', async (name) => {
    expect(await run(...name.split(' '), '--help')).toEqual({ code: 0, out: expect.stringContaining(`usage: countersign ${name} `) as unknown, err: '' });
  });

  it.each<[string, readonly string[]]>([
    ['no command', []],
    ['an unknown one', ['sign']],
    ['half of one', ['store']],
    ['a missing option', ['backup']],
    ['an empty option', ['backup', '--to', '']],
    ['an option without its value', ['restore', '--from']],
    ['an unknown option', ['ledger', '--all']],
    ['an option given twice', ['backup', '--to', 'a', '--to', 'b']],
    ['a word too many', ['backup', '--to', 'a', 'b']],
    ['a store of no kind', ['store', 'copy', '--from', '/data', '--to', 'embedded:/x']],
    ['a store onto itself', ['store', 'copy', '--from', 'embedded:/x', '--to', 'embedded:/x/']],
    ['a ledger of no kind', ['ledger', '--ledger', 'mysql://x']],
    ['a head that is none', ['ledger', 'accept', '--head', '42', '--comment', 'c', '--url', 'https://x', '--token', 't']],
    ['a key without its credential', [...accept, '--url', 'https://x', '--token', 't', '--key', 'key.pem']],
    ['no token', [...accept, '--url', 'https://x']],
    ['a token that would go unencrypted', [...accept, '--url', 'http://countersign.example', '--token', 't']],
    ['a URL that is none', [...accept, '--url', 'countersign', '--token', 't']],
  ])('%s: exit code 2 in one line', async (_, args) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', err: expect.stringMatching(/^countersign.*: .+; see countersign.* --help\n$/) as unknown });
  });

  it.each<[string, readonly string[]]>([
    ['a backup that is none', ['restore', '--from', '/nonexistent/backup']],
    ['a data folder without a store', ['backup', '--to', '/nonexistent/backup']],
    ['a store that is not there', ['store', 'copy', '--from', 'embedded:/nonexistent/a', '--to', 'embedded:/nonexistent/b']],
    ['a ledger that is not there', ['ledger', '--ledger', '/nonexistent/ledger']],
    ['a service that is not there', [...accept, '--url', 'http://127.0.0.1:1', '--token', 't']],
  ])('%s: exit code 1 in one line', async (_, args) => {
    expect(await run(...args)).toEqual({ code: 1, out: '', err: expect.stringMatching(/^countersign (?:\w+ ?)+: .+\n$/) as unknown });
  });

  it('never shows what a connection string or a token holds', async () => {
    for (const args of [['store', 'copy', '--from', 'esdb://admin:s3cret@h:2113 x', '--to', 'embedded:/x'], ['ledger', '--ledger', 'mysql://u:s3cret@h/x'], [...accept, '--url', 'https://u:s3cret@h', '--token', 't'], [...accept, '--url', 'http://127.0.0.1:1', '--token', 's3cret']]) {
      const { code, err } = await run(...args);
      expect(code).toBeGreaterThan(0);
      expect(err).not.toContain('s3cret');
    }
  });
});
