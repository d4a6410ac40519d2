import { createHash } from 'node:crypto';
import { LruMap } from '#eventing/lru-map.js';
import type { Clock, Instant } from '#kernel/clock.js';
import type { Ledger } from '../ports/ledger.port.js';
import { nonceOf } from './decision-facts.js';
import type { SignedApproval } from './evidence.js';

/** Named for ever: topics of notes in the signers' ledger. */
const FIRST_SIGHT = 'first-sight';
const KEY = 'key';
const TAKEN_BACK = 'taken-back';

const KEPT = 50_000;
/** A revocation that another signer found in its own inbox is heard of within this time; what stands in the event store is heard of at once. */
const ASK_AGAIN_MS = 1_000;

/**
 * What signers remember of operations and keys outside the event store, first come for all of them: when a request was first seen, what was taken back, which pair a key has (rules 21, 25).
 * What can't change any more is asked for once.
 */
export class StandingNotes {
  private readonly sights = new LruMap<string, Instant>(KEPT);
  private readonly keys = new LruMap<string, string>(KEPT);
  /** By operation: when it was last found not to be revoked, by the monotonic clock. */
  private readonly unrevoked = new LruMap<string, number>(KEPT);
  private readonly standing = new WeakSet<SignedApproval>();

  constructor(private readonly ledger: Pick<Ledger, 'note' | 'noteOnce'>, private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** When the first of all signers saw the request: now, where nobody has. @param now by the wall clock (rule 14) */
  async firstSight(operationId: string, now: Instant): Promise<Instant> {
    const known = this.sights.get(operationId);
    if (known !== undefined) return known;
    const first = await this.ledger.noteOnce(FIRST_SIGHT, operationId, now);
    this.sights.set(operationId, first);
    return first;
  }

  /** The public key's hash that this key had when a signer first relied on it; `publicKeySha256` itself, where none has. */
  async firstPair(keyId: string, publicKeySha256: string): Promise<string> {
    const known = this.keys.get(keyId);
    if (known !== undefined) return known;
    const first = await this.ledger.noteOnce(KEY, keyId, publicKeySha256);
    this.keys.set(keyId, first);
    return first;
  }

  /** Nobody can take this back by taking it out of the event store. @param why fit for people, and for the ledger */
  async revoked(operationId: string, why: string): Promise<void> {
    await this.ledger.noteOnce(TAKEN_BACK, operationId, why);
    this.unrevoked.delete(operationId);
  }

  /** Its nonce is used up for ever, whatever the event store says. */
  async withdrawn(operationId: string, approval: SignedApproval, why: string): Promise<void> {
    const nonce = nonceOf(approval);
    if (nonce !== undefined) await this.ledger.noteOnce(TAKEN_BACK, place(operationId, nonce), why);
  }

  /** Why it was revoked; undefined: no signer knows that it was. */
  async revocation(operationId: string): Promise<string | undefined> {
    const now = this.clock.monotonic();
    if (now - (this.unrevoked.get(operationId) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS) return undefined;
    const why = await this.ledger.note(TAKEN_BACK, operationId);
    if (why === undefined) this.unrevoked.set(operationId, now);
    return why;
  }

  /** Whether a signer saw it withdrawn. Once a use is reserved none is withdrawn any more: it is asked once. */
  async isWithdrawn(operationId: string, approval: SignedApproval): Promise<boolean> {
    if (this.standing.has(approval)) return false;
    const nonce = nonceOf(approval);
    if (nonce !== undefined && (await this.ledger.note(TAKEN_BACK, place(operationId, nonce))) !== undefined) return true;
    this.standing.add(approval);
    return false;
  }
}

/** Fixed length: a nonce is of any. */
const place = (operationId: string, nonce: string): string => `${operationId} ${hashOf(nonce)}`;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
