import { createHash } from 'node:crypto';
import { LruMap } from '#eventing/lru-map.js';
import type { Clock, Instant } from '#kernel/clock.js';
import type { Ledger } from '../ports/ledger.port.js';
import type { OperationState } from '#operations/contract.js';
import { nonceOf } from './decision-facts.js';
import type { SignedApproval } from './evidence.js';

/** Named for ever: topics of notes in the signers' ledger. */
const FIRST_SIGHT = 'first-sight';
const KEY = 'key';
const PAIR = 'pair';
const TAKEN_BACK = 'taken-back';

type Requested = NonNullable<OperationState['request']>;

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
  /** By operation: when it was last found not to have ended, by the monotonic clock. */
  private readonly living = new LruMap<string, number>(KEPT);
  private readonly standing = new WeakSet<SignedApproval>();

  constructor(private readonly ledger: Pick<Ledger, 'note' | 'noteOnce'>, private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** When the first of all signers saw this very request, whose digest was found to be its own: now, where nobody has. @param now by the wall clock, which did not jump (rule 14) */
  async firstSight({ operationId, requestDigest }: Pick<Requested, 'operationId' | 'requestDigest'>, now: Instant): Promise<Instant> {
    const which = `${operationId} ${requestDigest}`;
    const known = this.sights.get(which);
    if (known !== undefined) return known;
    const first = await this.ledger.noteOnce(FIRST_SIGHT, which, now);
    this.sights.set(which, first);
    return first;
  }

  /** The public key's hash of the pair that a signer found on its token for this key; undefined: none has. */
  async pairOf(keyId: string): Promise<string | undefined> {
    const known = this.keys.get(keyId) ?? (await this.ledger.note(KEY, keyId));
    if (known !== undefined) this.keys.set(keyId, known);
    return known;
  }

  /**
   * Binds a key to the pair that was found on the token: a pair has one key, and a key one pair, whatever the event store says (rules 15, 21).
   * @returns whether they belong together by the ledger
   */
  async bind(keyId: string, publicKeySha256: string): Promise<boolean> {
    if ((await this.ledger.noteOnce(PAIR, publicKeySha256, keyId)) !== keyId) return false;
    return (await this.ledger.noteOnce(KEY, keyId, publicKeySha256)) === publicKeySha256;
  }

  /** Nobody can bring it back to life by what is taken out of the event store, or put in. @param why fit for people, and for the ledger */
  async ended(operationId: string, why: string): Promise<void> {
    await this.ledger.noteOnce(TAKEN_BACK, operationId, fit(why));
    this.living.delete(operationId);
  }

  /** Its nonce is used up for ever, whatever the event store says. */
  async withdrawn(operationId: string, approval: SignedApproval, why: string): Promise<void> {
    const nonce = nonceOf(approval);
    if (nonce !== undefined) await this.ledger.noteOnce(TAKEN_BACK, place(operationId, nonce), why);
  }

  /** Why it has ended; undefined: no signer knows that it has. */
  async ending(operationId: string): Promise<string | undefined> {
    const now = this.clock.monotonic();
    if (now - (this.living.get(operationId) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS) return undefined;
    const why = await this.ledger.note(TAKEN_BACK, operationId);
    if (why === undefined) this.living.set(operationId, now);
    return why;
  }

  /** Why an operation, or an approval of it with one of these nonces, was taken back; undefined: no signer saw that it was. */
  async takenBack(operationId: string, nonces: readonly string[]): Promise<string | undefined> {
    const told = await Promise.all([operationId, ...nonces.map((nonce) => place(operationId, nonce))].map((key) => this.ledger.note(TAKEN_BACK, key)));
    return told.find((why) => why !== undefined);
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

const MAX_WHY = 1_000;
/** Whatever somebody wrote, a ledger keeps it. */
const fit = (why: string): string => why.replaceAll('\0', '').slice(0, MAX_WHY).replaceAll(/\p{Surrogate}/gu, '\ufffd');

/** Fixed length: a nonce is of any. */
const place = (operationId: string, nonce: string): string => `${operationId} ${hashOf(nonce)}`;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
