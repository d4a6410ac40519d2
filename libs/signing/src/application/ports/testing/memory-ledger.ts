import { createHash } from 'node:crypto';
import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError } from '../ledger.port.js';
import type { Ledger, LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerIntent, LedgerSigner, ReliedEvent, StoreAcceptance } from '../ledger.port.js';

/** What a memory ledger keeps; handed to the next one, it is the same ledger opened again. */
export interface LedgerMemory {
  readonly entries: Map<string, LedgerEntry>;
  readonly heard: Map<string, { incarnation: string; at: number }>;
  readonly checkpoints: Map<string, LedgerCheckpoint>;
  readonly failedPins: Set<string>;
  /** By stream; `sequence` is the head's when it was recorded. */
  readonly remembered: Map<string, { readonly event: ReliedEvent; readonly sequence: number }>;
  readonly acceptances: { readonly acceptance: StoreAcceptance; readonly sequence: number }[];
  /** By topic and key. */
  readonly notes: Map<string, string>;
  /** One line for each intent, release, acceptance and note. */
  readonly history: string[];
}
export const newLedgerMemory = (): LedgerMemory => ({ entries: new Map(), heard: new Map(), checkpoints: new Map(), failedPins: new Set(), remembered: new Map(), acceptances: [], notes: new Map(), history: [] });

/** A ledger in memory for tests of what stands above the port; passes its contract suite. */
export class MemoryLedger implements Ledger {
  private readonly names = new Map<string, string>();
  readonly ledgerId = 'memory';
  readonly emptyAtOpening: boolean;
  private closed = false;

  constructor(private readonly memory: LedgerMemory, private readonly now: () => number) {
    this.emptyAtOpening = memory.history.length === 0 && memory.checkpoints.size === 0;
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

  async intend(signer: LedgerSigner, intent: LedgerIntent, options: { readonly atMost: number }): Promise<void> {
    await this.open();
    this.held(signer);
    if (!Number.isSafeInteger(intent.count) || intent.count < 1) throw new LedgerRefusedError('INVALID', 'a count is a whole number from 1 on');
    if (!Number.isSafeInteger(options.atMost) || options.atMost < 0) throw new LedgerRefusedError('INVALID', 'a grant is a whole number from 0 on');
    const entry: LedgerEntry = { ...intent, signer: signer.name, incarnation: signer.incarnation, released: 0, signatures: null };
    if (this.memory.entries.has(intent.signOrderId)) throw new LedgerIntentExistsError(intent.signOrderId);
    const spent = this.uses((e) => e.operationId === intent.operationId && e.keyId === intent.keyId);
    if (spent + intent.count > options.atMost) throw new LedgerRefusedError('OVER_GRANT', `${spent} uses are spent of ${options.atMost}`);
    const other = intent.relied.find(({ stream, revision, hash }) => this.memorized(stream)?.revision === revision && this.memorized(stream)?.hash !== hash);
    if (other !== undefined) throw new LedgerRefusedError('CONTRADICTS', `${other.stream} had another event at revision ${other.revision}`);
    this.memory.entries.set(intent.signOrderId, entry);
    this.memory.history.push(JSON.stringify(entry));
    for (const event of intent.relied) if ((this.memorized(event.stream)?.revision ?? -1) <= event.revision) this.memory.remembered.set(event.stream, { event, sequence: this.memory.history.length });
  }

  async release(signOrderId: string, count: number): Promise<void> {
    await this.open();
    if (!Number.isSafeInteger(count) || count < 1) throw new LedgerRefusedError('INVALID', 'a count is a whole number from 1 on');
    const entry = this.memory.entries.get(signOrderId);
    if (entry === undefined || entry.released === count) return;
    const signed = (entry.signatures ?? []).filter((s) => s !== null).length;
    if (entry.released > 0 || count > entry.count - signed) throw new LedgerRefusedError('CONTRADICTS', 'more than there is to release');
    this.memory.entries.set(signOrderId, { ...entry, released: count });
    this.memory.history.push(`${signOrderId} released ${count}`);
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
    return this.uses((e) => e.operationId === operationId && e.keyId === keyId);
  }

  async remembered(stream: string): Promise<ReliedEvent | undefined> {
    await this.open();
    return this.memorized(stream);
  }

  async newestRemembered(limit: number): Promise<readonly ReliedEvent[]> {
    await this.open();
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > 10_000) throw new LedgerRefusedError('INVALID', 'a limit is 1 to 10,000');
    const newest = [...this.memory.remembered.values()].sort((a, b) => b.sequence - a.sequence);
    return newest.map(({ event }) => event).filter(({ stream }) => this.memorized(stream) !== undefined).slice(0, limit);
  }

  async head(): Promise<LedgerHead> {
    await this.open();
    return { head: this.text(), orders: this.memory.entries.size, usesSpent: this.uses(() => true), keys: new Set([...this.memory.entries.values()].map((e) => e.keyId)).size };
  }

  async acceptStore(acceptance: StoreAcceptance): Promise<void> {
    await this.open();
    const [first, second] = acceptance.by;
    if (first.issuer === second.issuer && first.subject === second.subject) throw new LedgerRefusedError('INVALID', 'two administrators are needed');
    const same = this.memory.acceptances.find(({ acceptance: { eventId } }) => eventId === acceptance.eventId);
    if (same !== undefined && JSON.stringify(same.acceptance) !== JSON.stringify(acceptance)) throw new LedgerRefusedError('CONTRADICTS', 'the event said something else');
    if (same !== undefined) return;
    if (acceptance.head !== this.text()) throw new LedgerRefusedError('HEAD_MOVED', `the head is ${this.text()}`);
    this.memory.history.push(JSON.stringify(acceptance));
    this.memory.acceptances.push({ acceptance, sequence: this.memory.history.length });
  }

  async acceptance(): Promise<StoreAcceptance | undefined> {
    await this.open();
    return this.memory.acceptances.at(-1)?.acceptance;
  }

  async noteOnce(topic: string, key: string, value: string): Promise<string> {
    await this.open();
    const tooLong = topic.length > 256 || key.length > 256 || value.length > 1_024;
    if (tooLong || topic === '' || key === '' || value === '' || /[\0\p{Surrogate}]/u.test(topic + key + value)) throw new LedgerRefusedError('INVALID', 'not fit for a note');
    const place = JSON.stringify([topic, key]);
    const kept = this.memory.notes.get(place);
    if (kept !== undefined) return kept;
    this.memory.notes.set(place, value);
    this.memory.history.push(JSON.stringify(['note', topic, key, value]));
    return value;
  }

  async note(topic: string, key: string): Promise<string | undefined> {
    await this.open();
    return this.memory.notes.get(JSON.stringify([topic, key]));
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

  private uses(of: (entry: LedgerEntry) => boolean): number {
    return [...this.memory.entries.values()].filter(of).reduce((n, e) => n + e.count - e.released, 0);
  }

  private memorized(stream: string): ReliedEvent | undefined {
    const kept = this.memory.remembered.get(stream);
    return kept !== undefined && kept.sequence > (this.memory.acceptances.at(-1)?.sequence ?? 0) ? kept.event : undefined;
  }

  private text(): string {
    return `${this.memory.history.length}-${createHash('sha256').update(this.memory.history.join('\n')).digest('hex').slice(0, 16)}`;
  }

  private held({ name, incarnation }: LedgerSigner): void {
    const holder = this.names.get(name);
    if (holder === undefined) throw new LedgerRefusedError('NAME_NOT_HELD', `${name} was not claimed`);
    if (holder !== incarnation) throw new LedgerNameTakenError(`${name} is taken`);
  }
}
