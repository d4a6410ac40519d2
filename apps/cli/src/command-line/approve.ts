import { randomUUID } from 'node:crypto';
import { confirmed } from '../approvals/ask.js';
import { checkedChallenge } from '../approvals/checked-challenge.js';
import { readableStatement } from '../approvals/readable-statement.js';
import { requestOf } from '../approvals/shown-request.js';
import { signedStatement } from '../approvals/statement-signer.js';
import type { StatementSigner } from '../approvals/statement-signer.js';
import { visible } from '../approvals/visible-text.js';
import { KEY_HELP, KEY_OPTIONS, namesKey, openKey } from './key-options.js';
import { call, refusalOf, tokenOf, urlOf } from './service-call.js';
import type { Caller } from './service-call.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Shows what an operation asks for, and approves or rejects it, signed with your key.

usage: countersign approve OPERATION --url URL --token-file FILE --credential ID --key FILE [--reject] [--comment TEXT] [--yes]

  OPERATION           its id, before all options
  --url               of the service, such as https://countersign.example
  --audience          its public URL, where that is another one
  --token-file        a file that holds your access token; - is the standard input (or --token TOKEN, which others on this machine can see)
  --credential        the id of your credential, as GET /v1/credentials lists it
  --reject            reject it. That needs no key
  --comment           why, for the audit trail
  --yes               do not ask: you have read the statement

${KEY_HELP}
The digest that is signed is made here, of the statement that is shown. Where the service asks to sign anything else, nothing is signed.
Without a credential and a key the decision is sent unsigned, which policies that ask for a signature refuse.
`;

const OPTIONS = { ...KEY_OPTIONS, url: 'string', audience: 'string', token: 'string', 'token-file': 'string', credential: 'string', comment: 'string', reject: 'boolean', yes: 'boolean' } as const;

async function run([operationId, ...args]: readonly string[], surroundings: Surroundings): Promise<void> {
  if (operationId === undefined || operationId.startsWith('-')) throw new UsageError('the id of the operation comes first');
  const options = optionsOf(args, OPTIONS);
  const { reject = false, comment, credential } = options;
  const decision = reject ? 'reject' : 'approve';
  if (namesKey(options) !== (credential !== undefined)) throw new UsageError('--credential and a key go together');
  const caller: Caller = { url: urlOf(required('url', options.url)), token: tokenOf({ token: options.token, file: options['token-file'] }), signal: surroundings.signal };
  const path = `/v1/operations/${encodeURIComponent(operationId)}`;

  const found = await call(caller, 'GET', path);
  if (found.status !== 200) throw new Error(refusalOf(found));
  const request = requestOf(found.body, operationId);
  surroundings.out.write(`${readableStatement(request.statement).join('\n')}\n\nSHA-256 of this statement: ${request.requestDigest}\n\n`);
  if (options.yes !== true && !(await confirmed(`${reject ? 'Reject' : 'Approve'} this?`, surroundings))) throw new Error('nothing was decided');

  const proof = credential === undefined ? undefined : await withKey(() => openKey(options, surroundings), async (signer) => {
    const asked = await call(caller, 'POST', `${path}/decision-challenges`, { content: { decision, credentialId: credential }, idempotencyKey: randomUUID() });
    if (asked.status !== 201) throw new Error(refusalOf(asked));
    const { challengeId, statement, after } = checkedChallenge(asked.body, { ...request, operationId, decision, audience: options.audience ?? caller.url });
    if (after !== undefined) surroundings.out.write(`signed after ${after.length} earlier ${after.length === 1 ? 'approval' : 'approvals'}\n`);
    return { type: 'jws', challengeId, jws: await signedStatement(statement, credential, signer) };
  });
  const decided = await call(caller, 'POST', `${path}/decisions`, { content: { decision, requestDigest: request.requestDigest, ...(comment === undefined ? {} : { comment }), ...(proof === undefined ? {} : { proof }) }, idempotencyKey: randomUUID() });
  if (decided.status !== 201) throw new Error(refusalOf(decided));
  const { state } = decided.body as { readonly state?: unknown };
  surroundings.out.write(`${reject ? 'rejected' : 'approved'}${proof === undefined ? '' : ' and signed'}: the operation is ${typeof state === 'string' ? visible(state) : 'decided'}\n`);
}

async function withKey<T>(open: () => Promise<StatementSigner>, work: (signer: StatementSigner) => Promise<T>): Promise<T> {
  const signer = await open();
  try {
    return await work(signer);
  } finally {
    await signer.close();
  }
}

export const approve: Subcommand = { name: 'approve', summary: 'read what is asked, and approve or reject it, signed', help: HELP, run };
