import { runCommandLine } from './command-line/run-command-line.js';

const stopping = new AbortController();
// Once: a second Ctrl-C ends the process as it would any other. What is cut off is finished by the same command, run again.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  // Only when it is asked for: opened as a stream, it is no longer read as a file (`--token-file -`).
  get input() {
    return process.stdin;
  },
  env: process.env,
  signal: stopping.signal,
});
