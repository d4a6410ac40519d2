import { createHash } from 'node:crypto';
import type { LedgerSigner } from '../ports/ledger.port.js';

/** A signer that was heard in the ledger within this time counts as alive: twice its heartbeat, and what a busy ledger takes. */
export const ALIVE_MS = 12_000;

/**
 * Whose turn an order is, among signers that share a ledger. For liveness alone: who thinks otherwise, or waits no longer, is kept from signing
 * twice by `started` (rules 1, 18). All orders of one operation have the same turn, so that they start in their order.
 */
export class Turns {
  private alive: readonly string[];
  /** By token serial: signers that were seen to have keys of it. */
  private readonly holders = new Map<string, Set<string>>();
  private lastSerial: string | undefined;

  constructor(private readonly self: LedgerSigner, private readonly ready: () => string | undefined) {
    this.alive = [self.name];
  }

  /** What the ledger last heard of its signers. */
  heard(heartbeats: readonly (LedgerSigner & { readonly silentMs: number })[]): void {
    const others = heartbeats.filter(({ name, silentMs }) => name !== this.self.name && silentMs < ALIVE_MS);
    this.alive = [this.self.name, ...others.map(({ name }) => name)];
  }

  /** A signer made or used a key of this token. */
  seen(signer: string, tokenSerial: string): void {
    const there = this.holders.get(tokenSerial);
    if (there === undefined) this.holders.set(tokenSerial, new Set([signer]));
    else there.add(signer);
  }

  get alone(): boolean {
    return this.alive.length === 1;
  }

  /** Serial of this signer's token, as it was last ready; undefined before. */
  get tokenSerial(): string | undefined {
    return (this.lastSerial = this.ready() ?? this.lastSerial);
  }

  /** @param tokenSerial of the token that has the key, as its registration tells; null when it is not known */
  isMine(operationId: string, tokenSerial: string | null): boolean {
    if (this.alone) return true;
    const holders = this.alive.filter((name) => this.holds(name, tokenSerial));
    const candidates = holders.length > 0 ? holders : this.alive;
    return candidates.includes(this.self.name) && candidates.every((name) => name === this.self.name || weight(operationId, name) < weight(operationId, this.self.name));
  }

  private holds(name: string, tokenSerial: string | null): boolean {
    if (tokenSerial === null) return true;
    return name === this.self.name ? this.ready() === tokenSerial : this.holders.get(tokenSerial)?.has(name) === true;
  }
}

/** Rendezvous hashing: of several signers each operation prefers another, and a signer that goes away moves only its own. */
const weight = (operationId: string, signer: string): string => createHash('sha256').update(`${operationId} ${signer}`).digest('hex');
