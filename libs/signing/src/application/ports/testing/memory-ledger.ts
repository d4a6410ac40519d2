import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError } from '../ledger.port.js';
import type { Ledger, LedgerCheckpoint, LedgerEntry, LedgerIntent, LedgerSigner } from '../ledger.port.js';

/** What a memory ledger keeps; handed to the next one, it is the same ledger opened again. */
export interface LedgerMemory {
  readonly entries: Map<string, LedgerEntry>;
  readonly heard: Map<string, { incarnation: string; at: number }>;
  readonly checkpoints: Map<string, LedgerCheckpoint>;
  readonly failedPins: Set<string>;
}
export const newLedgerMemory = (): LedgerMemory => ({ entries: new Map(), heard: new Map(), checkpoints: new Map(), failedPins: new Set() });

/** A ledger in memory for tests of what stands above the port; passes its contract suite. */
export class MemoryLedger implements Ledger {
  private readonly names = new Map<string, string>();
  private closed = false;

  constructor(private readonly memory: LedgerMemory, private readonly now: () => number) {
    for (const heard of memory.heard.values()) heard.at = now();
  }

  async claimName({ name, incarnation }: LedgerSigner): Promise<void> {
    await this.open();
    const holder = this.names.get(name);
    if (holder !== undefined && holder !== incarnation) throw new LedgerNameTakenError(`${name} is taken`);
    this.names.set(name, incarnation);
    this.memory.heard.set(name, { incarnation, at: this.now() });
  }

  async releaseName({ name, incarnation }: LedgerSigner): Promise<void> {
    await this.open();
    if (this.names.get(name) === incarnation) this.names.delete(name);
  }

  async heartbeat(signer: LedgerSigner): Promise<void> {
    await this.open();
    this.held(signer);
    this.memory.heard.set(signer.name, { incarnation: signer.incarnation, at: this.now() });
  }

  async heartbeats(): Promise<readonly (LedgerSigner & { readonly silentMs: number })[]> {
    await this.open();
    return [...this.memory.heard].map(([name, { incarnation, at }]) => ({ name, incarnation, silentMs: this.now() - at }));
  }

  async intend(signer: LedgerSigner, intent: LedgerIntent): Promise<void> {
    await this.open();
    this.held(signer);
    if (!Number.isSafeInteger(intent.count) || intent.count < 1) throw new LedgerRefusedError('INVALID', 'a count is a whole number from 1 on');
    const entry: LedgerEntry = { ...intent, signer: signer.name, incarnation: signer.incarnation, released: 0, signatures: null };
    const there = this.memory.entries.get(intent.signOrderId);
    if (there !== undefined && JSON.stringify(sorted(there)) !== JSON.stringify(sorted(entry))) throw new LedgerIntentExistsError(intent.signOrderId);
    this.memory.entries.set(intent.signOrderId, entry);
  }

  async release(signOrderId: string, count: number): Promise<void> {
    await this.open();
    if (!Number.isSafeInteger(count) || count < 1) throw new LedgerRefusedError('INVALID', 'a count is a whole number from 1 on');
    const entry = this.memory.entries.get(signOrderId);
    if (entry === undefined || entry.released === count) return;
    const signed = (entry.signatures ?? []).filter((s) => s !== null).length;
    if (entry.released > 0 || count > entry.count - signed) throw new LedgerRefusedError('CONTRADICTS', 'more than there is to release');
    this.memory.entries.set(signOrderId, { ...entry, released: count });
  }

  async signatures(signOrderId: string, signatures: readonly (string | null)[], options: { readonly flush: boolean }): Promise<void> {
    await this.open(options.flush);
    const entry = this.memory.entries.get(signOrderId);
    if (entry === undefined) throw new LedgerRefusedError('INTENT_UNKNOWN', 'no intent');
    const signed = signatures.filter((s) => s !== null).length;
    const changes = (entry.signatures ?? []).some((s, i) => s !== null && s !== signatures[i]);
    if (changes || signed > entry.count - entry.released) throw new LedgerRefusedError('CONTRADICTS', 'other signatures are kept');
    this.memory.entries.set(signOrderId, { ...entry, signatures });
  }

  async entry(signOrderId: string): Promise<LedgerEntry | undefined> {
    await this.open();
    return this.memory.entries.get(signOrderId);
  }

  async spent(operationId: string, keyId: string): Promise<number> {
    await this.open();
    return [...this.memory.entries.values()].filter((e) => e.operationId === operationId && e.keyId === keyId).reduce((n, e) => n + e.count - e.released, 0);
  }

  async checkpoint(name: string): Promise<LedgerCheckpoint | undefined> {
    await this.open();
    return this.memory.checkpoints.get(name);
  }

  async saveCheckpoint(name: string, checkpoint: LedgerCheckpoint): Promise<void> {
    await this.open();
    this.memory.checkpoints.set(name, checkpoint);
  }

  async isFailedPin(pin: string): Promise<boolean> {
    await this.open();
    return this.memory.failedPins.has(pin);
  }

  async rememberFailedPin(pin: string): Promise<void> {
    await this.open();
    this.memory.failedPins.add(pin);
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.closed = true;
    this.names.clear();
  }

  private async open(..._options: readonly unknown[]): Promise<void> {
    await Promise.resolve();
    if (this.closed) throw new LedgerUnavailableError('CLOSED', 'the ledger is closed');
  }

  private held({ name, incarnation }: LedgerSigner): void {
    const holder = this.names.get(name);
    if (holder === undefined) throw new LedgerRefusedError('NAME_NOT_HELD', `${name} was not claimed`);
    if (holder !== incarnation) throw new LedgerNameTakenError(`${name} is taken`);
  }
}

const sorted = (entry: LedgerEntry): readonly unknown[] => [entry.signOrderId, entry.operationId, entry.keyId, entry.count, entry.relied, entry.signer, entry.incarnation, entry.released, entry.signatures];
