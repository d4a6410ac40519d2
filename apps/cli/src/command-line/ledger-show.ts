import { resolve } from 'node:path';
import { withLedgerSnapshot } from '#platform/backup/ledger-snapshot.js';
import type { LedgerConfig } from '#platform/config/config.js';
import { withoutSecrets } from '#platform/config/describe-config.js';
import { loadConfig } from '#platform/config/load-config.js';
import { openPostgresLedger } from '#platform/ledger/postgres/postgres-ledger.js';
import { ledgerHeadText } from '#signing/application/accept-store/ledger-head.js';
import type { Ledger } from '#signing/contract.js';
import { optionsOf, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Shows the signers' ledger, also while they sign: its head, what it counted, who signs, and what administrators accepted. Changes nothing.

usage: countersign ledger [--ledger DIR|postgres://…]

  --ledger   the ledger's folder, or its database; without it, that of the configuration

The head is what two administrators name when signing is to go on with a store that lies behind the ledger: countersign ledger accept.
`;

type Signers = (ledger: Ledger) => Promise<readonly string[]>;

async function describe(ledger: Ledger, where: string, signers: Signers): Promise<readonly string[]> {
  const { head, orders, usesSpent, keys } = await ledger.head();
  const accepted = await ledger.acceptance();
  const rows: readonly (readonly [string, string])[] = [
    ['ledger', `${ledger.ledgerId} in ${where}`],
    ['head', ledgerHeadText(ledger.ledgerId, head)],
    ['orders', `${orders}`],
    ['uses spent', `${usesSpent}, of ${keys} ${keys === 1 ? 'key' : 'keys'}`],
    ...((await signers(ledger)).map((line, i) => [i === 0 ? 'signers' : '', line] as const)),
    ['accepted', accepted === undefined ? 'no store that lies behind' : `the store ${accepted.storeId}, at ${accepted.head}, by ${accepted.by.map((a) => a.subject).join(' and ')}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)}${value}`);
}

function show(config: LedgerConfig): Promise<readonly string[]> {
  if (config.kind === 'file') {
    return withLedgerSnapshot(config.dir, ({ ledger, holders }) =>
      describe(ledger, config.dir, async () => {
        const known = await ledger.heartbeats();
        return known.length === 0 ? ['none yet'] : known.map(({ name, incarnation }) => `${name}, ${holders.includes(name) ? `has the ledger, incarnation ${incarnation}` : 'ended'}`);
      }),
    );
  }
  return showShared(config);
}

async function showShared(config: LedgerConfig & { readonly kind: 'postgres' }): Promise<readonly string[]> {
  const ledger = await openPostgresLedger({ url: config.url, create: false });
  try {
    return await describe(ledger, withoutSecrets(config.url), async () => {
      const heard = await ledger.heartbeats();
      return heard.length === 0 ? ['none yet'] : heard.map(({ name, incarnation, silentMs }) => `${name}, heard ${Math.round(silentMs / 1_000)} s ago, incarnation ${incarnation}`);
    });
  } finally {
    await ledger.close();
  }
}

function ledgerOf(given: string | undefined, env: Surroundings['env']): LedgerConfig {
  if (given === undefined) return loadConfig(env, { role: 'tool' }).signer.ledger;
  if (/^postgres(?:ql)?:\/\/\S+$/.test(given)) return { kind: 'postgres', url: given };
  if (given === '' || /^[a-z]+:\/\//i.test(given)) throw new UsageError('--ledger must be a folder or postgres://…');
  return { kind: 'file', dir: resolve(given) };
}

async function run(args: readonly string[], { out, env }: Surroundings): Promise<void> {
  const { ledger } = optionsOf(args, { ledger: 'string' });
  for (const line of await show(ledgerOf(ledger, env))) out.write(`${line}\n`);
}

export const showLedger: Subcommand = { name: 'ledger', summary: "show the signers' ledger", help: HELP, run };
