import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Surroundings } from '../command-line/subcommand.js';

const hasSomebody = ({ input }: Surroundings): boolean => input?.isTTY === true;

/** Asks at the terminal. @returns whether the answer was yes @throws Error of one line when nobody is there */
export async function confirmed(question: string, surroundings: Surroundings): Promise<boolean> {
  if (!hasSomebody(surroundings)) throw new Error('there is no terminal to confirm it at: read the statement, then say --yes');
  return /^\s*yes\s*$/i.test(await answerTo(`${question} Type yes: `, surroundings, surroundings.err));
}

/** Asks for a secret at the terminal, which does not show it. @throws Error of one line when nobody is there */
export async function secretOf(question: string, surroundings: Surroundings): Promise<string> {
  if (!hasSomebody(surroundings)) throw new Error('there is no terminal to ask for the passphrase at: name its file with --passphrase-file');
  try {
    return await answerTo(question, surroundings, new Writable({ write: (_chunk, _encoding, done) => done() }));
  } finally {
    surroundings.err.write('\n');
  }
}

/** @param echo where what is typed is shown */
async function answerTo(question: string, { input, err, signal }: Surroundings, echo: NodeJS.WritableStream): Promise<string> {
  if (input === undefined) throw new Error('there is no terminal');
  // From here on the terminal shows nothing by itself: only then the question, since its answer may come at once.
  const lines = createInterface({ input, output: echo, terminal: true });
  // Ctrl-C and Ctrl-D: nothing was said.
  const ended = new AbortController();
  lines.once('SIGINT', () => ended.abort());
  lines.once('close', () => ended.abort());
  try {
    if (echo !== err) err.write(question);
    return await lines.question(echo === err ? question : '', { signal: AbortSignal.any([signal, ended.signal]) });
  } catch {
    throw new Error('nothing was answered');
  } finally {
    lines.close();
  }
}
