import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isLoopback } from '#platform/config/network-address.js';
import { LEDGER_HEAD_PATTERN } from '#signing/application/accept-store/ledger-head.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const CALL_TIMEOUT_MS = 15_000;
const HELP = `Says, as an administrator, that signing may go on with an event store that lies behind the signers' ledger. Two different administrators have to.

usage: countersign ledger accept --head HEAD --comment TEXT --url URL (--token TOKEN | --token-file FILE)

  --head         as countersign ledger and /readyz show it
  --comment      why, for the audit trail
  --url          of the service, such as https://countersign.example
  --token        an administrator's access token; others on this machine can see it in the list of processes
  --token-file   a file that holds it; - is the standard input

Uses that the ledger counted stay spent.
`;

function tokenOf({ token, file }: { readonly token: string | undefined; readonly file: string | undefined }): string {
  if ((token === undefined) === (file === undefined)) throw new UsageError('one of --token and --token-file is needed');
  const text = (token ?? readFileSync(file === '-' ? 0 : (file ?? ''), 'utf8')).trim();
  if (!/^[\x21-\x7e]+$/.test(text)) throw new UsageError('the token is empty, or is none');
  return text;
}

/** A token is sent by TLS, or stays on this machine. */
function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') throw new UsageError('--url must be a http or https URL without credentials, query and fragment');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new UsageError('--url must be https, except for a loopback address');
  return text.replace(/\/+$/, '');
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
}
interface Acceptance {
  readonly storeId: string;
  readonly accepted: boolean;
  readonly by: readonly { readonly subject: string }[];
}

async function run(args: readonly string[], { out, signal }: Surroundings): Promise<void> {
  const options = optionsOf(args, { head: 'string', comment: 'string', url: 'string', token: 'string', 'token-file': 'string' });
  const head = required('head', options.head);
  if (!LEDGER_HEAD_PATTERN.test(head)) throw new UsageError('--head must be the head as countersign ledger shows it');
  const comment = required('comment', options.comment);
  const url = urlOf(required('url', options.url));
  const token = tokenOf({ token: options.token, file: options['token-file'] });
  const answer = await fetch(`${url}/v1/ledger/acceptances`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ head, comment }),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    throw new Error(`${url} does not answer: ${reasonOf(error)}`);
  });
  const body: unknown = await answer.json().catch(() => ({}));
  if (answer.status !== 201 && answer.status !== 202) throw new Error(refusalOf(answer.status, body as Problem));
  const { accepted, storeId, by } = body as Acceptance;
  const names = by.map((a) => a.subject).join(' and ');
  out.write(accepted ? `accepted by ${names}: signing goes on with the store ${storeId}\n` : `named by ${names}: another administrator has to name the same head\n`);
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error && error.cause.message !== '' ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
const refusalOf = (status: number, { code, title, detail }: Problem): string => {
  const why = detail ?? title;
  return `refused with ${status}${code === undefined ? '' : ` ${code}`}${why === undefined ? '' : `: ${why}`}`;
};

export const acceptLedger: Subcommand = { name: 'ledger accept', summary: 'go on with a store that lies behind the ledger', help: HELP, run };
