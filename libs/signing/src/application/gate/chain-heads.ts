import type { Ledger } from '../ports/ledger.port.js';

/** Topic of notes in the signers' ledger, named for ever. */
const HEAD = 'chain-head';
const FIRST = 'first';

/**
 * What signers have seen of the control plane: which head it had at each revision. A store in which it ends before, or goes on otherwise, is not the one that they have seen, whoever signed
 * what stands there (rule 21). It begins anew with the word of administrators for an older store (rule 17).
 */
export class ChainHeads {
  private readonly seen = new Map<number, string>();
  private since: string | undefined;

  constructor(private readonly ledger: Pick<Ledger, 'note' | 'noteOnce' | 'acceptance'>) {}

  /** To be called before the first event is looked at. @throws LedgerUnavailableError */
  async begin(): Promise<void> {
    const since = (await this.ledger.acceptance())?.eventId ?? FIRST;
    if (since !== this.since) this.seen.clear();
    this.since = since;
  }

  /** @returns why this is not what signers have seen, fit for people; undefined: it is, or nobody has seen any @throws LedgerUnavailableError */
  async fault(revision: number, head: string): Promise<string | undefined> {
    const seen = this.seen.get(revision) ?? (await this.ledger.noteOnce(HEAD, this.at(revision), head));
    this.seen.set(revision, seen);
    return seen === head ? undefined : `the control plane has another event at revision ${revision} than signers have seen there`;
  }

  /** Whether any signer has seen more of it. @throws LedgerUnavailableError */
  async goesBeyond(revision: number): Promise<boolean> {
    return (await this.ledger.note(HEAD, this.at(revision + 1))) !== undefined;
  }

  private at(revision: number): string {
    return `${this.since ?? FIRST} ${revision}`;
  }
}
