import { randomBytes } from 'node:crypto';
import type { Client, ClientBase } from 'pg';
import type { Clock } from '#kernel/clock.js';
import { LedgerIntentExistsError, LedgerUnavailableError, type Ledger, type LedgerSigner } from '#signing/contract.js';
import { failedPinHash } from '../failed-pin.js';
import { acceptanceRecord, intentRecord, noteRecord, releaseRecord } from '../ledger-chain.js';
import { boundedJson, reliedJson, requireAcceptance, requireIds, requireIntent, requireNote, requireSignatures, requireUses } from '../ledger-limits.js';
import { sharedNow } from '../ledger-calls.js';
import { requireDurable } from './durable-database.js';
import { GroupedWrites } from './grouped-writes.js';
import { HeardNames, type NameRow } from './heard-names.js';
import { HeldNames } from './held-names.js';
import { LedgerSession } from './ledger-session.js';
import { isRefused, refusalOf, spokenFor } from './postgres-faults.js';
import { NAME_ROWS, PostgresReads } from './postgres-reads.js';
import { bringUpToDate } from './postgres-schema.js';

export interface PostgresLedgerOptions {
  /** `postgres://…`, of a database of the ledger's own; not behind a pool that gives a session to several clients. */
  readonly url: string;
  /** Whether a ledger is made where the database holds none; true unless told. */
  readonly create?: boolean;
  /** For a statement, for a connection, and for waiting until there is one. Default 5,000. */
  readonly timeoutMs?: number;
  /** Writes, and questions, not answered; default 10,000 each. */
  readonly maxWaiting?: number;
  /** How long a claim waits for a name whose holder may be dead. Default 15,000. */
  readonly claimWaitMs?: number;
  /** For so long after a sign of life a name is given to nobody else, though its session is gone. Default 2,000. */
  readonly graceMs?: number;
  /** Default: the clock that all threads share. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

interface Facts {
  readonly ledgerId: string;
  readonly emptyAtOpening: boolean;
  readonly pinSalt: string;
}

const DEFAULTS = { timeoutMs: 5_000, maxWaiting: 10_000, claimWaitMs: 15_000, graceMs: 2_000 } as const;

/**
 * The ledger that several signers share: a PostgreSQL database. What waits for a flush is committed together. A lost connection is made again by itself;
 * names that were held are taken again with it, unless another incarnation was given them.
 * @throws (rejects) LedgerUnavailableError when the database can't be reached, does not flush what it commits, or is no ledger
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const { url, create = true, timeoutMs, maxWaiting, claimWaitMs, graceMs } = { ...DEFAULTS, ...options };
  const now = options.clock === undefined ? sharedNow : options.clock.monotonic.bind(options.clock);
  const said = spokenFor(url);
  const instance = `countersign-ledger-${randomBytes(8).toString('hex')}`;
  const names = new HeldNames({ claimWaitMs, graceMs });
  const heard = new HeardNames();
  let known: Facts | undefined;
  let lastOrder = (): string | undefined => undefined;
  const session = (role: string, prepare: (client: Client, applicationName: string) => Promise<void>): LedgerSession => {
    const applicationName = `${instance}-${role}`;
    return new LedgerSession({
      url,
      applicationName,
      timeoutMs,
      said,
      lost: () => heard.broken(),
      prepare: async (client) => {
        await requireDurable(client);
        await bringUpToDate(client, { create });
        const found = await factsOf(client);
        known ??= found;
        await requireSame(client, known.ledgerId, found.ledgerId, lastOrder());
        await prepare(client, applicationName);
      },
    });
  };
  const holding = session('writes', (client, applicationName) => names.takeAgain(client, applicationName));
  const reading = session('reads', () => Promise.resolve());
  const writes = new GroupedWrites(holding, said, { timeoutMs, maxWaiting });
  lastOrder = () => writes.lastOrder;
  const reads = new PostgresReads(reading, maxWaiting);

  const listen = async (read: () => Promise<readonly NameRow[]>): Promise<readonly (LedgerSigner & { readonly silentMs: number })[]> => {
    const askedAt = now();
    try {
      return heard.reading(await read(), askedAt, now());
    } catch (error) {
      heard.broken();
      throw error;
    }
  };
  const beat = (signer: LedgerSigner): Promise<readonly NameRow[]> =>
    holding.use(async (client) => {
      const { rows: [row] } = await client.query<{ readonly answer: unknown }>('SELECT countersign_ledger.heartbeat($1, $2) AS answer', [signer.name, signer.incarnation]);
      return isRefused(row?.answer) ? row.answer : (await client.query<NameRow>(NAME_ROWS)).rows;
    }).then((answer) => {
      if (isRefused(answer)) throw refusalOf(answer);
      return answer;
    });

  let facts: Facts;
  try {
    await holding.open();
    await reading.open();
    if (known === undefined) throw new LedgerUnavailableError('FAILED', 'the ledger lacks its facts');
    facts = known;
    await listen(reads.names);
  } catch (error) {
    await Promise.all([holding.close(), reading.close()]);
    throw said(error);
  }

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await writes.close();
    await Promise.all([holding.close(), reading.close()]);
  };
  return {
    ledgerId: facts.ledgerId,
    emptyAtOpening: facts.emptyAtOpening,
    async claimName(signer) {
      requireIds(signer.name, signer.incarnation);
      await names.claim(holding, signer);
      await listen(() => beat(signer));
    },
    releaseName: (signer) => names.release(holding, signer),
    heartbeat: async (signer) => void (await listen(() => beat(signer))),
    heartbeats: () => listen(reads.names),
    async intend(signer, intent, { atMost }) {
      requireIds(signer.name, signer.incarnation);
      requireIntent(intent, atMost);
      const relied = reliedJson(intent);
      const { signOrderId, operationId, keyId, count } = intent;
      const before = await writes.write({ do: 'intend', signer: signer.name, incarnation: signer.incarnation, signOrderId, operationId, keyId, count, relied, atMost, record: intentRecord(signer, intent, relied) });
      // The database takes the very same intent for the first one sent again: two attempts of one process would both be told that it counts.
      if (before !== null) throw new LedgerIntentExistsError(`order ${signOrderId} has an intent`);
    },
    async release(signOrderId, count) {
      requireUses(count);
      requireIds(signOrderId);
      await writes.write({ do: 'release', signOrderId, count, record: releaseRecord(signOrderId, count) });
    },
    // Committed as all writes are, in a group of them: what need not be flushed is.
    async signatures(signOrderId, signatures) {
      requireIds(signOrderId);
      requireSignatures(signatures);
      await writes.write({ do: 'signatures', signOrderId, signatures: boundedJson(signatures) });
    },
    entry: reads.entry,
    spent: reads.spent,
    remembered: reads.remembered,
    newestRemembered: reads.newestRemembered,
    head: reads.head,
    async acceptStore(acceptance) {
      requireAcceptance(acceptance);
      const { storeId, head, by, eventId } = acceptance;
      const principals = JSON.stringify(by.map(({ issuer, subject }) => ({ issuer, subject })));
      await writes.write({ do: 'accept-store', storeId, head, principals, eventId, record: acceptanceRecord(acceptance) });
    },
    acceptance: reads.acceptance,
    async noteOnce(topic, key, value) {
      requireNote(topic, key, value);
      const before = await writes.write({ do: 'note', topic, key, value, record: noteRecord(topic, key, value) });
      return typeof before === 'object' && before !== null && 'stands' in before && typeof before.stands === 'string' ? before.stands : value;
    },
    note: reads.note,
    checkpoint: reads.checkpoint,
    async saveCheckpoint(name, { storeId, position, eventId }) {
      requireIds(name, storeId, position, eventId);
      await writes.write({ do: 'checkpoint', name, storeId, position, eventId });
    },
    isFailedPin: async (pin) => reads.isFailedPinHash(await failedPinHash(pin, facts.pinSalt)),
    rememberFailedPin: async (pin) => void (await writes.write({ do: 'failed-pin', hash: await failedPinHash(pin, facts.pinSalt) })),
    close: () => (closing ??= close()),
  };
}

async function factsOf(client: ClientBase): Promise<Facts> {
  const { rows } = await client.query<{ readonly name: string; readonly value: string }>('SELECT name, value FROM countersign_ledger.facts');
  const facts = new Map(rows.map(({ name, value }) => [name, value]));
  const [ledgerId, pinSalt] = [facts.get('ledgerId'), facts.get('pinSalt')];
  if (ledgerId === undefined || pinSalt === undefined) throw new LedgerUnavailableError('FAILED', 'the ledger lacks its facts');
  const { rows: [row] } = await client.query<{ readonly empty: boolean }>('SELECT (SELECT sequence FROM countersign_ledger.head) = 0 AND NOT EXISTS (SELECT FROM countersign_ledger.checkpoints) AS empty');
  return { ledgerId, pinSalt, emptyAtOpening: row?.empty === true };
}

/** A database that was replaced, or set back to before what it acknowledged, as by a failover to a standby that lagged, counts too few uses. */
async function requireSame(client: ClientBase, expected: string, found: string, lastOrder: string | undefined): Promise<void> {
  if (expected !== found) throw new LedgerUnavailableError('FAILED', 'the database of the ledger holds another ledger now');
  if (lastOrder === undefined) return;
  const { rows } = await client.query('SELECT FROM countersign_ledger.intents WHERE sign_order_id = $1', [lastOrder]);
  if (rows.length === 0) throw new LedgerUnavailableError('FAILED', 'the database of the ledger was set back: it lacks an intent that it had acknowledged');
}
