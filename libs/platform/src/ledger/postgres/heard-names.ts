import type { LedgerSigner } from '#signing/contract.js';

/** A name as the database has it. */
export interface NameRow extends LedgerSigner {
  /** Grows with every sign of life. */
  readonly beats: number;
  /** Since the last one, by the database's clock. Negative when that clock was set back. */
  readonly ageMs: number;
}

/** Two heartbeats and a bit: who did not read for longer was not listening. */
const LISTENING_GAP_MS = 12_000;

interface Heard {
  readonly incarnation: string;
  readonly beats: number;
  readonly since: number;
}

/**
 * For how long other signers have been silent (rule 9): by the database's clock, and for no longer than this process has seen no new sign of life
 * by its own, without a break: while the database could not be reached nobody could be heard, and its clock may jump.
 */
export class HeardNames {
  #heard = new Map<string, Heard>();
  #lastAt = Number.NEGATIVE_INFINITY;

  /** The database could not be read: from the next reading on all silence counts anew. */
  broken(): void {
    this.#lastAt = Number.NEGATIVE_INFINITY;
  }

  /** @param askedAt, answeredAt this process's monotonic milliseconds before and after the reading */
  reading(rows: readonly NameRow[], askedAt: number, answeredAt: number): readonly (LedgerSigner & { readonly silentMs: number })[] {
    const broken = askedAt - this.#lastAt > LISTENING_GAP_MS;
    this.#lastAt = answeredAt;
    this.#heard = new Map(
      rows.map(({ name, incarnation, beats }) => {
        const before = this.#heard.get(name);
        const same = !broken && before?.incarnation === incarnation && before.beats === beats;
        return [name, { incarnation, beats, since: same ? before.since : answeredAt }];
      }),
    );
    return rows.map(({ name, incarnation, ageMs }) => {
      const unheard = Math.max(0, askedAt - (this.#heard.get(name)?.since ?? answeredAt));
      return { name, incarnation, silentMs: ageMs < 0 ? unheard : Math.min(unheard, ageMs) };
    });
  }
}
