import { createHash } from 'node:crypto';
import { LruMap } from '#eventing/lru-map.js';
import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { Folded, StreamStates } from '#eventing/stream-states.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { keyStream } from '#keys/contract.js';
import type { KeyEvent, KeyState } from '#keys/contract.js';
import { OPERATION_PREFIX, operationStream } from '#operations/contract.js';
import { blocker, isBlockerCode } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';
import type { FailureCode } from '../../domain/sign-order/events.js';
import type { ReliedEvent } from '../ports/ledger.port.js';
import type { Instant } from '#kernel/clock.js';
import type { EvidenceStates } from '../gate/evidence.js';
import type { Gate } from '../gate/gate.js';
import { hearingOf } from '../gate/hearing.js';
import type { SessionUse } from '../gate/root-session.js';
import { SeenRequests } from '../gate/seen-requests.js';
import type { Hearing } from '../accept-store/record-acceptance.js';
import type { OpenOrder, OrderHead } from './open-order.js';
import { hashOfEvent } from './store-behind.js';

export type AuthorityVerdict =
  | { readonly holds: true; readonly key: KeyState; readonly relied: readonly ReliedEvent[]; /** Uses of the key that the approved statement grants. */ readonly atMost: number; /** Of a root key: what its session allows, over all operations. */ readonly session: SessionUse | undefined }
  | { readonly holds: false; readonly code: FailureCode; readonly detail: string; /** All of it, where authority is what does not hold; the first one's are `code` and `detail`. */ readonly blockers: readonly Blocker[]; /** Only time is in the way, until then: the order stays reserved. */ readonly waits?: Instant };

/** Public keys whose digest is kept. */
const KEPT_DIGESTS = 1_000;

/** One reason alone. */
export const refused = (code: FailureCode, detail: string): Extract<AuthorityVerdict, { holds: false }> => ({ holds: false, code, detail, blockers: isBlockerCode(code) ? [blocker(code, detail)] : [] });

/**
 * What the log says about the authority of an order (rule 6): states of operations and keys that the signer's subscription keeps up to date,
 * so that a recheck reads nothing.
 */
export class Authority {
  private seen: Position | undefined;
  private waiting: { readonly position: Position; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  private abandoned: Error | undefined;
  private readonly requests: SeenRequests;

  constructor(
    private readonly operations: EvidenceStates,
    private readonly keys: StreamStates<KeyEvent, KeyState>,
    private readonly clock: TrustedClock,
    private readonly gate: Gate,
  ) {
    this.requests = new SeenRequests(gate.deps, operations, clock);
  }

  /** Every event that the signer follows, in the order of the log. @throws StoreUnavailableError, LedgerUnavailableError: then they are to be offered again */
  async offer(events: readonly RecordedEvent[]): Promise<void> {
    // First who may do what, then what was done: an order is judged by a control plane that has seen its reservation.
    for (const event of events) if (event.stream.startsWith('controlPlane-') || event.stream.startsWith('person-')) await this.gate.deps.plane.follow(event);
    for (const event of events) {
      if (event.stream.startsWith(OPERATION_PREFIX)) this.operations.offer(event);
      else if (event.stream.startsWith('key-')) this.keys.offer(event);
    }
    await this.requests.follow(events);
    const last = events.at(-1)?.position;
    if (last === undefined || (this.seen !== undefined && last <= this.seen)) return;
    this.seen = last;
    const ready = this.waiting.filter((w) => w.position <= last);
    if (ready.length === 0) return;
    this.waiting = this.waiting.filter((w) => w.position > last);
    for (const w of ready) w.resolve();
  }

  /** Resolves when the states have seen this position of the leader's log. @throws what it was abandoned with */
  upTo(position: Position): Promise<void> {
    if (this.abandoned !== undefined) return Promise.reject(this.abandoned);
    if (this.seen !== undefined && this.seen >= position) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiting.push({ position, resolve, reject }));
  }

  /** The store was away: what was read of it is read anew (rule 12). */
  doubt(): void {
    this.operations.doubt();
    this.keys.doubt();
    this.gate.deps.plane.doubt();
  }

  /** No event comes any more: nobody waits for one. */
  abandon(error: Error): void {
    this.abandoned = error;
    for (const { reject } of this.waiting) reject(error);
    this.waiting = [];
  }

  /** By the control plane as the store has it now: nothing of what was read before is believed, since the store may be another one. @throws StoreUnavailableError, LedgerUnavailableError */
  async hearing(): Promise<Hearing> {
    const { plane, verifier } = this.gate.deps;
    plane.doubt();
    return hearingOf(await plane.current(), verifier);
  }

  /**
   * What signers have seen of the control plane, and the store does not have.
   * @param look `known`: as it was read; `further`: with what came since; `anew`: as the store has it now, by what the ledger knows now @throws StoreUnavailableError, LedgerUnavailableError
   */
  async lacks(look: 'known' | 'further' | 'anew'): Promise<string | undefined> {
    const { plane } = this.gate.deps;
    if (look === 'anew') plane.doubt();
    if (look === 'further') await plane.refresh();
    return (await plane.current()).lacks;
  }

  /** Reads the heads of the operation's, the key's and the control plane's stream from the leader first: for a recheck in the middle of an order. */
  async refresh(order: OpenOrder): Promise<void> {
    await Promise.all([this.operations.refresh(operationStream(order.operationId)), this.keys.refresh(keyStream(order.keyId)), this.gate.deps.plane.refresh()]);
  }

  /** What the store must still hold of what the ledger remembers, before an order is signed (rule 16). */
  streamsOf({ operationId, keyId }: OrderHead): readonly string[] {
    return [operationStream(operationId), keyStream(keyId), this.gate.deps.plane.stream];
  }

  /**
   * Derives everything anew: state, quorum, window, key, binding, and that this very reservation stands.
   * @param from index of the first digest that is still to be signed
   */
  async judge(order: OpenOrder, from = 0): Promise<AuthorityVerdict> {
    const [evidence, key] = await Promise.all([this.operations.load(operationStream(order.operationId)), this.keys.load(keyStream(order.keyId))]);
    const fault = this.clock.jumped();
    if (fault !== undefined) return refused('HSM_UNAVAILABLE', 'the clock is not trusted; an administrator has to confirm it');
    const verdict = await this.gate.judge(order, order.digests.slice(from), evidence.state, key.state, this.clock.now());
    if ('blockers' in verdict) return halted(verdict.blockers);
    const { operation } = evidence.state;
    const reservation = operation.open.get(order.signOrderId);
    if (reservation === undefined || reservation.count !== order.count || reservation.keyId !== order.keyId || reservation.bodyDigest !== order.bodyDigest)
      return refused('OPERATION_REVOKED', 'its uses are not reserved');
    // What is counted is what is signed: never more digests than the reservation holds, never more reserved and spent than was approved.
    const granted = operation.grants.find((g) => g.keyId === order.keyId);
    if (order.inputs.length !== order.count || granted === undefined || granted.reserved + granted.spent > granted.maxUsageCount || granted.algorithm !== order.algorithm)
      return refused('OPERATION_REVOKED', 'its uses are not what was approved');
    if (granted.publicKeySha256 !== order.publicKeySha256 || key.state.publicKeySha256 !== order.publicKeySha256)
      return refused('KEY_MISSING_IN_HSM', 'the key is not the one that was approved');
    // What goes to the HSM is the pair that the approved digest is of, whatever the key's stream says beside it.
    if (key.state.publicKey === null || spkiDigest(key.state.publicKey) !== order.publicKeySha256) return refused('BINDING_MISMATCH', 'the stored public key is not the one that was approved');
    if (order.isMessage !== (order.algorithm === 'EdDSA')) return refused('BINDING_MISMATCH', 'its input is not of the kind that the key signs');
    if ('waits' in verdict) return { ...refused('WINDOW_CLOSED', `it may be used from ${verdict.waits} on`), waits: verdict.waits };
    const relied = [reliedOn(operationStream(order.operationId), evidence), reliedOn(keyStream(order.keyId), key), ...verdict.relied];
    return { holds: true, key: key.state, relied, atMost: granted.maxUsageCount, session: verdict.session };
  }

  /** Serial of the token that has a key, as far as it is known here without asking. */
  tokenOf(keyId: string): string | undefined {
    return this.keys.cached(keyStream(keyId))?.state.tokenSerial ?? undefined;
  }

  async keyOf(order: OrderHead): Promise<KeyState> {
    return (await this.keys.load(keyStream(order.keyId))).state;
  }
}

function halted(blockers: readonly Blocker[]): AuthorityVerdict {
  const [first = blocker('OPERATION_REVOKED', 'the operation does not cover the order')] = blockers;
  return { holds: false, code: first.code, detail: first.detail, blockers: blockers.length === 0 ? [first] : blockers };
}

const digests = new LruMap<string, string>(KEPT_DIGESTS);

/** Lower-case hex SHA-256 of a SubjectPublicKeyInfo. @param spki base64 DER */
function spkiDigest(spki: string): string {
  const known = digests.get(spki) ?? createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
  digests.set(spki, known);
  return known;
}

const reliedOn = (stream: string, { revision, eventId }: Folded<unknown>): ReliedEvent => ({
  stream,
  revision,
  hash: hashOfEvent(eventId ?? ''),
});
