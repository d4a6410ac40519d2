import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { LedgerNameTakenError, LedgerUnavailableError, type LedgerSigner } from '#signing/contract.js';
import type { LedgerSession } from './ledger-session.js';

export interface NameLimits {
  /** How long a claim waits for a name that is held: longer than a dead peer is taken for alive. Milliseconds. */
  readonly claimWaitMs: number;
  /** A name whose session ended is given to nobody else for so long after its holder was heard: that one may be about to come back. */
  readonly graceMs: number;
}

type Claim = 'held' | 'locked' | 'recent' | 'lost';
const POLL_MS = 100;

/** The names that this process holds: each by an advisory lock of its session, which ends with the process, and by a row that names its incarnation (rule 9). */
export class HeldNames {
  readonly #held = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly limits: NameLimits) {}

  /** One claim after the other: the session's locks do not tell two of its own claims apart. @throws LedgerNameTakenError, LedgerUnavailableError */
  claim(session: LedgerSession, signer: LedgerSigner): Promise<void> {
    const claimed = this.#turn.then(() => this.#claim(session, signer));
    this.#turn = claimed.catch(() => undefined);
    return claimed;
  }

  async #claim(session: LedgerSession, signer: LedgerSigner): Promise<void> {
    const taken = (): LedgerNameTakenError => new LedgerNameTakenError(`the name ${signer.name} is held by another incarnation`);
    const own = this.#held.get(signer.name);
    if (own === signer.incarnation) return;
    if (own !== undefined) throw taken();
    const until = performance.now() + this.limits.claimWaitMs;
    for (let first: number | undefined; ; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
      const [state, beats] = await session.use(async (client) => [await ask(client, signer, this.limits.graceMs, false), await beatsOf(client, signer.name)] as const);
      if (state === 'held') {
        this.#held.set(signer.name, signer.incarnation);
        return;
      }
      // Heard again while we waited: it lives, and there is nothing to wait for.
      first ??= beats;
      if (beats > first || performance.now() >= until) throw taken();
    }
  }

  /** Whoever did not hold it changes nothing. */
  async release(session: LedgerSession, signer: LedgerSigner): Promise<void> {
    await session.use((client) => client.query('SELECT countersign_ledger.release_name($1, $2, $3)', [signer.name, signer.incarnation, lockKey(signer.name)]));
    if (this.#held.get(signer.name) === signer.incarnation) this.#held.delete(signer.name);
  }

  /**
   * Takes everything again in a new session, before it is used. What another incarnation was given meanwhile is lost.
   * @param applicationName of the sessions before: one of them may be half open and hold the locks still
   * @throws LedgerUnavailableError when that is so; it was told to end
   */
  async takeAgain(client: ClientBase, applicationName: string): Promise<void> {
    for (const [name, incarnation] of this.#held) {
      const state = await ask(client, { name, incarnation }, this.limits.graceMs, true);
      if (state === 'held') continue;
      if (state === 'lost') {
        this.#held.delete(name);
        continue;
      }
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user AND pid <> pg_backend_pid()', [applicationName]);
      throw new LedgerUnavailableError('FAILED', `an earlier session still holds the name ${name}`);
    }
  }
}

async function ask(client: ClientBase, { name, incarnation }: LedgerSigner, graceMs: number, again: boolean): Promise<Claim> {
  const { rows: [row] } = await client.query<{ readonly claim: Claim }>(`SELECT countersign_ledger.claim($1, $2, $3, $4 * interval '1 millisecond', $5) AS claim`, [name, incarnation, lockKey(name), graceMs, again]);
  return row?.claim ?? 'locked';
}

async function beatsOf(client: ClientBase, name: string): Promise<number> {
  const { rows: [row] } = await client.query<{ readonly beats: string }>('SELECT beats FROM countersign_ledger.names WHERE name = $1', [name]);
  return Number(row?.beats ?? 0);
}

/** 64 bits, as PostgreSQL's advisory locks have: no two names meet by accident. */
const lockKey = (name: string): string => createHash('sha256').update(`countersign ledger name ${name}`).digest().readBigInt64BE(0).toString();
