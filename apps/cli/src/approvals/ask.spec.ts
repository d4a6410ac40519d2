import { PassThrough } from 'node:stream';
import type { Surroundings } from '../command-line/subcommand.js';
import { confirmed, secretOf } from './ask.js';

interface Terminal extends Surroundings {
  readonly input: PassThrough & { readonly isTTY: boolean };
  said(): string;
}
function terminal(isTTY = true, signal = new AbortController().signal): Terminal {
  const err = new PassThrough();
  return { out: new PassThrough(), err, input: Object.assign(new PassThrough(), { isTTY }), env: {}, signal, said: () => ((err.read() as Buffer | null) ?? '').toString() };
}

describe('confirmed', () => {
  it.each([['yes', true], [' YES ', true], ['y', false], ['', false], ['yes please', false], ['no', false]])('takes %j for %s', async (typed, answer) => {
    const at = terminal();
    at.input.write(`${typed}\n`);
    expect(await confirmed('Approve this?', at)).toBe(answer);
    expect(at.said()).toContain('Approve this? Type yes: ');
  });

  it('asks nobody who is not there', async () => {
    await expect(confirmed('?', terminal(false))).rejects.toThrow('--yes');
    const { input: _, ...without } = terminal();
    await expect(confirmed('?', without)).rejects.toThrow('--yes');
  });

  it.each([['Ctrl-C', '\u0003'], ['Ctrl-D', '\u0004']])('takes %s for no answer', async (_, key) => {
    const at = terminal();
    at.input.write(key);
    await expect(confirmed('?', at)).rejects.toThrow('nothing was answered');
  });

  it('ends with the program', async () => {
    const stopping = new AbortController();
    const asked = confirmed('?', terminal(true, stopping.signal));
    stopping.abort();
    await expect(asked).rejects.toThrow('nothing was answered');
  });
});

describe('secretOf', () => {
  it('shows nothing of what is typed', async () => {
    const at = terminal();
    at.input.write('geheim\n');
    expect(await secretOf('Passphrase: ', at)).toBe('geheim');
    expect(at.said()).toBe('Passphrase: \n');
  });

  it('asks nobody who is not there', async () => {
    await expect(secretOf('?', terminal(false))).rejects.toThrow('--passphrase-file');
  });
});
