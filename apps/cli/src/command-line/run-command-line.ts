import { approve } from './approve.js';
import { backup } from './backup.js';
import { ceremony } from './ceremony.js';
import { newCredential } from './credential-new.js';
import { showCredential } from './credential-public.js';
import { acceptLedger } from './ledger-accept.js';
import { showLedger } from './ledger-show.js';
import { exportProof } from './proof-export.js';
import { productVersion } from './product-version.js';
import { restore } from './restore.js';
import { revoke } from './revoke.js';
import { copy } from './store-copy.js';
import { UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

/** The longer of two names that begin alike comes first. */
const SUBCOMMANDS: readonly Subcommand[] = [ceremony, copy, backup, restore, acceptLedger, showLedger, newCredential, showCredential, approve, revoke, exportProof];
const NAME_WIDTH = 19;

const usage = (): string => `The tools of operators and approvers. Those that need a configuration take that of the service (COUNTERSIGN_CONFIG and other variables COUNTERSIGN_…).

usage: countersign <command> [options]

${SUBCOMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`).join('\n')}

countersign <command> --help tells more; countersign --version tells the version.
Exit codes: 0 done, 1 not done, 2 not understood.
`;

/** Runs one command to its end. @returns the exit code: 0 done, 1 not done, 2 not understood */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<0 | 1 | 2> {
  const { out, err } = surroundings;
  const command = SUBCOMMANDS.find(({ name }) => name.split(' ').every((word, i) => args[i] === word));
  if (command === undefined) {
    if (args[0] === '--help' || args[0] === '-h' || args[0] === 'help') return say(out, usage());
    if (args[0] === '--version') return say(out, `${productVersion()}\n`);
    err.write(`countersign: ${args.length === 0 ? 'which command?' : `there is no command ${args.slice(0, 2).join(' ')}`}; see countersign --help\n`);
    return 2;
  }
  const rest = args.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) return say(out, command.help);
  try {
    await command.run(rest, surroundings);
    return 0;
  } catch (error) {
    const line = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    const isUsage = error instanceof UsageError;
    err.write(`countersign ${command.name}: ${line}${isUsage ? `; see countersign ${command.name} --help` : ''}\n`);
    return isUsage ? 2 : 1;
  }
}

const say = (out: NodeJS.WritableStream, text: string): 0 => {
  out.write(text);
  return 0;
};
