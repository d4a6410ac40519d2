import type Database from 'better-sqlite3';
import { LedgerNameTakenError, LedgerRefusedError, type LedgerSigner } from '#signing/contract.js';

interface NameRow {
  readonly name: string;
  readonly incarnation: string;
  readonly held: number;
}

/** When each name was last heard, in memory: it outlives a reopening of the file, not the process. */
export class LedgerPulse {
  readonly #heard = new Map<string, number>();
  /** @param openedAt what earlier processes left counts from here on: how long nobody was there to listen is not known (rule 9) */
  constructor(readonly openedAt: number) {}
  beat(name: string, at: number): void {
    this.#heard.set(name, Math.max(at, this.#heard.get(name) ?? at));
  }
  silentMs(name: string, at: number): number {
    return Math.max(0, at - (this.#heard.get(name) ?? this.openedAt));
  }
}

/** Which incarnation holds which signer's name, and when it was last heard. */
export class LedgerNames {
  readonly #row;
  readonly #all;
  readonly #put;
  readonly #drop;
  constructor(db: Database.Database, private readonly pulse: LedgerPulse) {
    this.#row = db.prepare<[string], NameRow>('SELECT name, incarnation, held FROM names WHERE name = ?');
    this.#all = db.prepare<[], NameRow>('SELECT name, incarnation, held FROM names ORDER BY name');
    this.#put = db.prepare<[string, string]>('INSERT INTO names (name, incarnation, held) VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, held = 1');
    this.#drop = db.prepare<[string, string]>('UPDATE names SET held = 0 WHERE name = ? AND incarnation = ? AND held = 1');
  }

  claim(signer: LedgerSigner, at: number): void {
    const row = this.#row.get(signer.name);
    if (row?.held === 1 && row.incarnation !== signer.incarnation) throw new LedgerNameTakenError(`the name ${signer.name} is held by another incarnation`);
    if (row?.held !== 1) this.#put.run(signer.name, signer.incarnation);
    this.pulse.beat(signer.name, at);
  }

  release(signer: LedgerSigner): void {
    this.#drop.run(signer.name, signer.incarnation);
  }

  /** Memory alone: that the name is alive is of no use to the next process, so a heartbeat costs no write. */
  beat(signer: LedgerSigner, at: number): void {
    this.requireHeld(signer);
    this.pulse.beat(signer.name, at);
  }

  heard(at: number): readonly (LedgerSigner & { readonly silentMs: number })[] {
    return this.#all.all().map(({ name, incarnation }) => ({ name, incarnation, silentMs: this.pulse.silentMs(name, at) }));
  }

  /** A signer that lost or gave up its name may be thought dead by others: it starts nothing any more (rule 9). */
  requireHeld(signer: LedgerSigner): void {
    const row = this.#row.get(signer.name);
    if (row?.held !== 1) throw new LedgerRefusedError('NAME_NOT_HELD', `the name ${signer.name} is not claimed`);
    if (row.incarnation !== signer.incarnation) throw new LedgerNameTakenError(`the name ${signer.name} is held by another incarnation`);
  }
}

/** Claims end with the process that made them: it held the folder's lock, and now we do. */
export const voidClaims = (db: Database.Database): void => {
  db.prepare('UPDATE names SET held = 0 WHERE held = 1').run();
};
