import { randomUUID } from 'node:crypto';
import { acceptanceStatement } from '#signing/application/accept-store/acceptance-statement.js';
import { LEDGER_HEAD_PATTERN } from '#signing/application/accept-store/ledger-head.js';
import { signedStatement } from '../approvals/statement-signer.js';
import { KEY_HELP, KEY_OPTIONS, namesKey, openKey } from './key-options.js';
import type { KeyOptions } from './key-options.js';
import { call, refusalOf, tokenOf, urlOf } from './service-call.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Says, as an administrator, that signing may go on with an event store that lies behind the signers' ledger. Two different administrators have to.

usage: countersign ledger accept --head HEAD --comment TEXT --url URL (--token TOKEN | --token-file FILE) [--credential ID --key FILE]

  --head         as countersign ledger and /readyz show it
  --comment      why, for the audit trail
  --url          of the service, such as https://countersign.example
  --token        an administrator's access token; others on this machine can see it in the list of processes
  --token-file   a file that holds it; - is the standard input
  --credential   the id of your credential, where a genesis was laid; with it:

${KEY_HELP}
Uses that the ledger counted stay spent.
`;

interface Acceptance {
  readonly storeId: string;
  readonly accepted: boolean;
  readonly by: readonly { readonly subject: string }[];
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const { out, signal } = surroundings;
  const options = optionsOf(args, { head: 'string', comment: 'string', url: 'string', token: 'string', 'token-file': 'string', credential: 'string', ...KEY_OPTIONS });
  const head = required('head', options.head);
  if (!LEDGER_HEAD_PATTERN.test(head)) throw new UsageError('--head must be the head as countersign ledger shows it');
  const comment = required('comment', options.comment);
  const url = urlOf(required('url', options.url));
  const token = tokenOf({ token: options.token, file: options['token-file'] });
  const { credential } = options;
  if (credential === undefined && namesKey(options)) throw new UsageError('--credential is missing');
  const proof = credential === undefined ? undefined : { type: 'jws', jws: await proofOf(head, credential, options, surroundings) };
  const answer = await call({ url, token, signal }, 'POST', '/v1/ledger/acceptances', { content: { head, comment, ...(proof === undefined ? {} : { proof }) }, idempotencyKey: randomUUID() });
  if (answer.status !== 201 && answer.status !== 202) throw new Error(refusalOf(answer));
  const { accepted, storeId, by } = answer.body as Acceptance;
  const names = by.map((a) => a.subject).join(' and ');
  out.write(accepted ? `accepted by ${names}: signing goes on with the store ${storeId}\n` : `named by ${names}: another administrator has to name the same head\n`);
}

async function proofOf(head: string, credential: string, options: KeyOptions, surroundings: Surroundings): Promise<string> {
  const signer = await openKey(options, surroundings);
  try {
    return await signedStatement(acceptanceStatement(head), credential, signer);
  } finally {
    await signer.close();
  }
}

export const acceptLedger: Subcommand = { name: 'ledger accept', summary: 'go on with a store that lies behind the ledger', help: HELP, run };
