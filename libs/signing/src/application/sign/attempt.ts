import { pause } from '#eventing/durable-subscription.js';
import { randomId } from '#eventing/ids.js';
import type { Clock } from '#kernel/clock.js';
import type { Algorithm, KeyState } from '#keys/contract.js';
import type { SignatureFormat } from '#operations/contract.js';
import type { FailureCode, SigningEvent } from '../../domain/sign-order/events.js';
import { HsmError } from '../ports/hsm.port.js';
import type { Hsm, HsmKeyRef, HsmSession } from '../ports/hsm.port.js';
import { LedgerIntentExistsError, LedgerRefusedError } from '../ports/ledger.port.js';
import type { Ledger, LedgerIntent, LedgerSigner } from '../ports/ledger.port.js';
import { refused } from './authority.js';
import type { Authority, AuthorityVerdict } from './authority.js';
import { factsOf } from './open-order.js';
import type { OpenOrder, OrderHead } from './open-order.js';
import type { OrderStream } from './order-stream.js';
import type { RememberedEvents } from './remembered-events.js';
import { isStale, recheckedAt, signDigests } from './sign-digests.js';
import type { Rechecked, SignedDigests } from './sign-digests.js';
import { StoreBehindError } from './store-behind.js';
import { verified } from './verify-signatures.js';

export interface AttemptContext {
  readonly signer: LedgerSigner;
  readonly hsm: Hsm;
  readonly ledger: Ledger;
  readonly authority: Authority;
  readonly remembered: RememberedEvents;
  readonly stream: OrderStream;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** ECDSA as the order wants it; others as they are. */
  readonly encode: (algorithm: Algorithm, format: SignatureFormat, signature: Uint8Array) => string;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** How long a retryable fault of the HSM is tried again before the order fails. */
export const RETRY_FOR_MS = 30_000;
const RETRY_PAUSE_MS = 250;
const RELEASE_PAUSE_MS = 1_000;
/** A token that was lost in the middle is open again by then, as a rule: a signature that can't be verified is lost. */
const VERIFY_WAIT_MS = 5_000;

/**
 * `ended`: its end stands on its stream. `lost`: another attempt has the lock. `not-here`: this token does not hold the key.
 * `later`: nothing was written; it is to be taken up again.
 */
export type AttemptResult = 'ended' | 'lost' | 'not-here' | 'later';

/**
 * One attempt at one order, by the rules of the use ledger. It holds `session` from before `started` until the outcome is acknowledged (rule 6)
 * and is the only one of this order in this process (rule 1).
 */
export async function attempt(order: OpenOrder, session: HsmSession, context: AttemptContext): Promise<AttemptResult> {
  const { authority, stream, signer } = context;
  const key = await authority.keyOf(order);
  const ref = keyRef(key, order);
  if (ref === undefined) return fail(order, refused('KEY_MISSING_IN_HSM', 'the key has no public key'), context);

  // 1. The key is there, and the store holds what the ledger remembers (rule 16), before anything is written. A crash here leaves the order reserved: it is taken up again.
  const [prepared, proven] = await Promise.allSettled([session.prepare(ref), context.remembered.prove(authority.streamsOf(order))]);
  if (proven.status === 'rejected') return unproven(proven.reason, order, context);
  if (prepared.status === 'rejected') return unprepared(prepared.reason, order, key, context);

  // 2. The lock. A crash after it is durable leaves a started order without an end: the next incarnation tells that its outcome is unknown (rule 9).
  const started: SigningEvent = {
    type: 'signing.started.v1',
    data: { ...factsOf(order), signer: signer.name, incarnation: signer.incarnation, attempt: randomId(), publicKeySha256: order.publicKeySha256, digests: order.digests },
  };
  const locking = recheckedAt(context.clock);
  const lock = await stream.append(order.signOrderId, 'no-stream', started);
  if ('conflict' in lock) return 'lost';

  // 3. Authority, over states that have seen the lock (rule 6).
  await authority.upTo(lock.at);
  const done = await signUnderLock(order, ref, session, locking, context);
  if (done === 'ended') return done;
  try {
    return await outcome(order, ref, done, key.purpose === 'root' || key.purpose === 'ca', context);
  } finally {
    done.session.release();
  }
}

interface Handed {
  readonly signed: SignedDigests;
  readonly session: HsmSession;
  /** Under which ids the ledger counts its uses. */
  readonly intended: readonly string[];
}

/**
 * From the lock to the last C_Sign: the order is ours alone. What is thrown in here is thrown before the first C_Sign, so that the order can end
 * as `failed` or `halted`; after it only an outcome can follow (rule 7).
 */
async function signUnderLock(order: OpenOrder, ref: HsmKeyRef, first: HsmSession, locking: Rechecked, context: AttemptContext): Promise<'ended' | Handed> {
  const { authority, ledger, signer, clock } = context;
  const until = clock.monotonic() + RETRY_FOR_MS;
  let session = first;
  const intended: string[] = [];
  try {
    // Held up since the lock was asked for, maybe for so long that others called the order unknown: memory may lie behind, the leader does not.
    if (isStale(locking, clock)) await authority.refresh(order);
    for (let repeated = false; ; repeated = true) {
      const rechecked = recheckedAt(clock);
      // The HSM made it wait: what the feed has brought since the lock says nothing of what the leader has by now (rule 6).
      if (repeated) await authority.refresh(order);
      const verdict = await authority.judge(order);
      if (!verdict.holds) return await unsigned(order, verdict, intended, session, context);
      if (context.remembered.behind() !== undefined) return await unsigned(order, BEHIND, intended, session, context);

      // 4. The intent is flushed before C_Sign (rule 16). A crash after it leaves uses that the ledger counts and nobody spent: never too few.
      if (intended.length === 0) {
        for (const { intent, atMost } of intentsOf(order, verdict)) {
          intended.push(intent.signOrderId);
          await ledger.intend(signer, intent, { atMost });
        }
      }

      // 5. C_Sign, which never throws. A crash from here on spends all of it (rule 7).
      const signed = await signDigests(order, ref, session, authority, clock, rechecked);
      if (signed.handed > 0) return { signed, session, intended };

      const fault = signed.fault ?? new HsmError('retryable', 'UNAVAILABLE', 'nothing was signed');
      if (!(fault instanceof HsmError)) return await unsigned(order, fault, intended, session, context);
      if (fault.errorClass !== 'retryable' || clock.monotonic() >= until) return await unsigned(order, refused(failureOf(fault), 'the HSM did not sign'), intended, session, context);
      session = await another(session, ref, until, context);
    }
  } catch (error) {
    context.log({ signOrderId: order.signOrderId, error }, 'an order failed before it was signed');
    if (error instanceof LedgerIntentExistsError) return intendedBefore(order, session, context);
    if (error instanceof LedgerRefusedError && error.reason === 'OVER_GRANT') return unsigned(order, refused('USAGE_EXHAUSTED', 'the signers’ ledger has counted every use that was approved'), intended, session, context);
    if (error instanceof LedgerRefusedError && error.reason === 'CONTRADICTS') {
      context.remembered.stop(error.message);
      return unsigned(order, BEHIND, intended, session, context);
    }
    return unsigned(order, refused(failureOf(error), error instanceof HsmError ? 'the HSM did not sign' : 'the signer could not go on'), intended, session, context);
  }
}

/** Why an order is not signed. */
type Refused = Extract<AuthorityVerdict, { holds: false }>;

/** What the ledger counts of an order: its uses of the key, and of a root key those of the session as well, over all operations. */
function intentsOf({ signOrderId, operationId, keyId, count }: OpenOrder, { relied, atMost, session }: Extract<AuthorityVerdict, { holds: true }>): readonly { readonly intent: LedgerIntent; readonly atMost: number }[] {
  const own = { intent: { signOrderId, operationId, keyId, count, relied }, atMost };
  if (session === undefined) return [own];
  const { sessionId } = session;
  return [own, { intent: { signOrderId: `${signOrderId} in session`, operationId: `session ${sessionId}`, keyId, count, relied: [] }, atMost: session.atMost }];
}

/** A new session with the key, tried until `until`. @throws HsmError */
async function another(session: HsmSession, ref: HsmKeyRef, until: number, { hsm, clock, signal }: AttemptContext): Promise<HsmSession> {
  session.release();
  for (;;) {
    await pause(RETRY_PAUSE_MS, signal);
    const left = until - clock.monotonic();
    if (left <= 0 || signal.aborted) throw new HsmError('retryable', 'UNAVAILABLE', 'the HSM did not come back in time');
    const next = await hsm.acquire(left).catch(() => undefined);
    if (next === undefined) continue;
    try {
      await next.prepare(ref);
      return next;
    } catch (error) {
      next.release();
      if (!(error instanceof HsmError) || error.errorClass !== 'retryable') throw error;
    }
  }
}

/** 6. to 8.: verified, remembered, recorded. */
async function outcome(order: OpenOrder, ref: HsmKeyRef, { signed, session, intended }: Handed, verifyAll: boolean, context: AttemptContext): Promise<AttemptResult> {
  const { ledger, stream, signer, encode, clock } = context;
  const { operationId, signOrderId, keyId, digests, algorithm, format } = order;
  const good = await verified(order, ref, session, signed.signatures, { all: verifyAll, another: () => another(session, ref, clock.monotonic() + VERIFY_WAIT_MS, context) });
  const signatures = good.map((s) => (s === null ? null : encode(algorithm, format, s)));
  // A crash before this is written loses signatures that exist: the order's outcome is unknown and its uses stay spent (rule 8).
  await ledger.signatures(signOrderId, signatures, { flush: false }).catch((error: unknown) => context.log({ signOrderId, error }, 'signatures could not be written to the ledger'));
  const returned = order.count - signed.handed;
  if (returned > 0) await released(intended, returned, context);
  const at = stream.now();
  const whole = signatures.filter((s): s is string => s !== null);
  const ending: SigningEvent =
    whole.length === order.count
      ? { type: 'signing.completed.v1', data: { operationId, keyId, signer: signer.name, digests, signatures: whole, at } }
      : { type: 'signing.outcome-unknown.v1', data: { operationId, keyId, signer: signer.name, detail: unknownDetail(signed), digests, signatures, spent: signed.handed, returned, at } };
  // A crash before this is durable leaves the signatures in the ledger: the next incarnation completes from there.
  const appended = await stream.append(signOrderId, 0, ending);
  if ('conflict' in appended) await tellLate(signOrderId, { type: 'signing.late-outcome.v1', data: { operationId, keyId, signer: signer.name, signatures } }, context);
  return 'ended';
}

/**
 * Somebody called it unknown while we signed (rule 8): what there is, is told behind whatever was found since, and nothing is handed out.
 * Where even our `started` is gone the store was set back under us (rule 17): there is nothing to tell it behind, and nothing more is signed upon it.
 */
async function tellLate(signOrderId: string, event: SigningEvent, { stream, remembered, log }: AttemptContext): Promise<void> {
  for (;;) {
    const head = await stream.head(signOrderId);
    if (head === undefined) {
      remembered.stop(`the order ${signOrderId} was started, and is not any more`);
      return log({ signOrderId }, 'an order was signed, and the event store has lost its start: its signatures are in the ledger');
    }
    if (!('conflict' in (await stream.append(signOrderId, head, event)))) return;
  }
}

const unknownDetail = ({ fault }: SignedDigests): string =>
  fault === undefined ? 'a signature did not verify' : fault instanceof HsmError ? 'the HSM failed in the middle of the order' : `stopped in the middle of the order: ${fault.detail}`;

/** The end of an order of ours for which no C_Sign was begun. Its uses leave the ledger before they can leave the operation (rule 16). */
async function unsigned(order: OpenOrder, why: Refused, intended: readonly string[], session: HsmSession, context: AttemptContext): Promise<'ended'> {
  session.release();
  await released(intended, order.count, context);
  const appended = await context.stream.append(order.signOrderId, 0, notSigned(order, context, why));
  if ('conflict' in appended) context.log({ signOrderId: order.signOrderId }, 'the order was called unknown while nothing had been signed');
  return 'ended';
}

/**
 * The ledger counts an intent of another attempt, whose `started` this store does not have: it was set back. What that attempt gave to C_Sign nobody
 * here knows, so its uses are neither released nor given back (rules 7, 16), and nothing of it is handed out.
 */
async function intendedBefore(order: OpenOrder, session: HsmSession, { stream, signer }: AttemptContext): Promise<'ended'> {
  session.release();
  const { operationId, signOrderId, keyId, digests, count } = order;
  const detail = 'the ledger has an intent of an earlier attempt';
  await stream.append(signOrderId, 0, { type: 'signing.outcome-unknown.v1', data: { operationId, keyId, signer: signer.name, detail, digests, signatures: digests.map(() => null), spent: count, returned: 0, at: stream.now() } });
  return 'ended';
}

async function released(intended: readonly string[], count: number, context: AttemptContext): Promise<void> {
  for (const id of intended) await releasedOne(id, count, context);
}

async function releasedOne(signOrderId: string, count: number, { ledger, signal, log }: AttemptContext): Promise<void> {
  for (;;) {
    try {
      return await ledger.release(signOrderId, count);
    } catch (error) {
      if (signal.aborted) throw error;
      log({ signOrderId, error }, 'uses could not be released in the ledger');
      // What the ledger refuses it counts for ever: too many, never too few.
      if (error instanceof LedgerRefusedError) return;
      await pause(RELEASE_PAUSE_MS, signal);
    }
  }
}

/** No session could use the key. Only the token that registered the key may fail an order for its absence (rule 18). */
async function unprepared(error: unknown, order: OpenOrder, key: KeyState, context: AttemptContext): Promise<AttemptResult> {
  if (!(error instanceof HsmError) || error.errorClass !== 'refused') return 'later';
  const status = context.hsm.status();
  if (status.state !== 'ready') return 'later';
  if (status.tokenSerial !== key.tokenSerial) return 'not-here';
  return fail(order, refused(failureOf(error), 'the HSM has no such key'), context);
}

/** Nothing is signed upon a store that lacks what was signed upon before (rule 16). Where nobody could tell, the order waits. */
async function unproven(error: unknown, order: OpenOrder, context: AttemptContext): Promise<AttemptResult> {
  context.log({ signOrderId: order.signOrderId, error }, 'what the ledger remembers could not be found in the event store');
  return error instanceof StoreBehindError ? fail(order, BEHIND, context) : 'later';
}

/** `failed` or `halted` at NO_STREAM, by who did not start the order (rule 2). */
async function fail(order: OpenOrder, why: Refused, context: AttemptContext): Promise<AttemptResult> {
  return 'conflict' in (await context.stream.append(order.signOrderId, 'no-stream', notSigned(order, context, why))) ? 'lost' : 'ended';
}

/** Authority that no longer held halts an order; everything else is a failure of the HSM, or of what the signer needs beside it. */
export function notSigned(order: OrderHead, { signer, stream }: Pick<AttemptContext, 'signer' | 'stream'>, { code, detail, blockers }: Refused): SigningEvent {
  const data = { ...factsOf(order), signer: signer.name, code, detail, at: stream.now() };
  return blockers.length === 0 ? { type: 'signing.failed.v1', data } : { type: 'signing.halted.v1', data: { ...data, blockers } };
}

const BEHIND = refused('STORE_BEHIND', 'the event store lacks what the signers’ ledger remembers');

const failureOf = (error: unknown): FailureCode =>
  !(error instanceof HsmError) || error.errorClass === 'retryable' || error.errorClass === 'fatal' ? 'HSM_UNAVAILABLE' : error.reason === 'KEY_MISSING' ? 'KEY_MISSING_IN_HSM' : 'HSM_REFUSED';

const keyRef = (key: KeyState, order: OpenOrder): HsmKeyRef | undefined =>
  key.publicKey === null ? undefined : { ckaIdHex: key.ckaIdHex, spki: Buffer.from(key.publicKey, 'base64'), algorithm: order.algorithm };
