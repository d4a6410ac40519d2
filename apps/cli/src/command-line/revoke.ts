import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { revocationStatement } from '#signing/application/gate/take-revocation.js';
import { signedStatement } from '../approvals/statement-signer.js';
import { KEY_HELP, KEY_OPTIONS, openKey } from './key-options.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Revokes an operation past api and event store: a signed revocation in the inbox of a signer.

usage: countersign revoke OPERATION --deployment ID --reason TEXT --credential ID --key FILE --inbox DIR

  OPERATION           its id, before all options
  --deployment        id of the deployment, as the operation's request statement names it
  --reason            why
  --credential        the id of your credential
  --inbox             the folder revocations/ in the signer's dataDir, or any other to be copied there

${KEY_HELP}
Who asked, administrators, and whom a policy of the operation names may revoke it. The signer takes the file within a second, renames it to ….jws.taken, and
halts every order of the operation from then on, whatever stands in the event store. One that it can't take becomes ….jws.refused; its log says why. One of an operation that it
does not know yet stays, and is tried again.
In the trail it is seen by its halted orders: revoke it by the api as well, where that can be reached.
`;
const OPTIONS = { ...KEY_OPTIONS, deployment: 'string', reason: 'string', credential: 'string', inbox: 'string' } as const;

async function run([operationId, ...args]: readonly string[], surroundings: Surroundings): Promise<void> {
  if (operationId === undefined || operationId.startsWith('-')) throw new UsageError('the id of the operation comes first');
  const options = optionsOf(args, OPTIONS);
  const statement = revocationStatement({ operationId, reason: required('reason', options.reason) }, required('deployment', options.deployment));
  const [credential, inbox] = [required('credential', options.credential), required('inbox', options.inbox)];
  const signer = await openKey(options, surroundings);
  try {
    const file = join(inbox, `${randomUUID()}.jws`);
    // Whole when it is seen: the signer looks every second.
    writeFileSync(`${file}.new`, `${await signedStatement(statement, credential, signer)}\n`, { mode: 0o644, flag: 'wx' });
    renameSync(`${file}.new`, file);
    surroundings.out.write(`${file}\n`);
  } finally {
    await signer.close();
  }
}

export const revoke: Subcommand = { name: 'revoke', summary: 'revoke an operation in a signer’s own inbox, signed', help: HELP, run };
