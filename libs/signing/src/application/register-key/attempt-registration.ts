import { createHash } from 'node:crypto';
import { pause } from '#eventing/durable-subscription.js';
import { derivedId } from '#eventing/ids.js';
import type { Position } from '#eventing/event-store.port.js';
import { systemActor } from '#kernel/actor.js';
import type { Clock } from '#kernel/clock.js';
import { keyStream } from '#keys/contract.js';
import type { KeyCommand, KeyExecutor, RegistrationFailure, RegistrationRequested } from '#keys/contract.js';
import { HsmError } from '../ports/hsm.port.js';
import type { Hsm, HsmKeyPair } from '../ports/hsm.port.js';
import type { LedgerSigner } from '../ports/ledger.port.js';
import { HSM_GONE, registrationFailure } from './registration-failure.js';
import type { RegistrationStreams } from './registration-streams.js';

/** A registration that has no outcome yet. */
export interface OpenRegistration {
  /** Id of the `keys.registration-requested` event. */
  readonly registrationId: string;
  readonly position: Position;
  readonly requested: RegistrationRequested['data'];
}

export interface RegistrationLimits {
  /** How long a retryable fault of the HSM is tried again before the registration fails, ms. */
  readonly retryForMs: number;
  readonly firstPauseMs: number;
  readonly lastPauseMs: number;
}
export const REGISTRATION_LIMITS: RegistrationLimits = { retryForMs: 30_000, firstPauseMs: 250, lastPauseMs: 4_000 };

export interface RegistrationContext {
  readonly keys: KeyExecutor;
  readonly streams: RegistrationStreams;
  readonly hsm: Pick<Hsm, 'findKeyPair' | 'findOrCreateKeyPair'>;
  readonly signer: LedgerSigner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits: RegistrationLimits;
  /** Whether nothing is begun now, as while the store is not the one that the ledger remembers (rule 17). */
  readonly held: () => boolean;
  /** Whether no other signer is there, whose token could hold a pair that this one's does not. */
  readonly alone: () => boolean;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** For so long after a request to adopt a pair, a signer without it leaves it to the others: three sweeps of theirs. */
export const LEFT_TO_OTHERS_MS = 30_000;

/** `ended`: the key's stream has the outcome. `later`: another signer has it, or this process ends; it is to be looked at again. */
export type RegistrationResult = 'ended' | 'later';

/**
 * One attempt at one registration (rule 15); the only one of it in this process. Each step can be done again by the next one who takes it,
 * and ends in the same pair. @throws StoreUnavailableError and the like: nothing is lost, it is to be attempted again
 */
export async function attemptRegistration(registration: OpenRegistration, context: RegistrationContext): Promise<RegistrationResult> {
  const { registrationId, requested } = registration;
  const { streams } = context;
  if (!(await isOpen(registration, context))) return 'ended';
  if (await mayBeElsewhere(registration, context)) return 'later';

  // 1. The lock. A crash before it leaves a request that any signer takes. A crash after it leaves a lock whose holder is gone:
  // this signer's next incarnation takes it over at once, another one when this name has been silent for 30 s.
  const lock = await streams.take(registrationId, requested.keyId);
  if (lock === undefined) return 'later';

  // 2. The pair. A crash in here leaves no pair, half of one or a whole one in the token: the next one finds it by the same CKA_ID, or clears and makes it.
  const found = await pairFor(registration, context);

  // Who stood still here so long that another one took over, says nothing: the outcome is that one's. His pair in the token may stay unused, never claimed.
  if (!(await isOpen(registration, context))) return 'ended';
  if (!(await streams.holds(registrationId, lock))) return 'later';
  if ('code' in found) return end(registration, { type: 'fail-registration', attempt: requested.attempt, failure: found }, context);

  // 3. The claim: one pair has one keyId, for ever. A crash after it leaves a pair that this keyId alone can go on with, as the next one does.
  const spki = Buffer.from(found.spki);
  const publicKeySha256 = createHash('sha256').update(spki).digest('hex');
  if (!(await streams.claim(registrationId, requested.keyId, publicKeySha256))) {
    const failure: RegistrationFailure = { code: 'KEY_EXISTS', detail: 'this key pair belongs to another key' };
    return end(registration, { type: 'fail-registration', attempt: requested.attempt, failure }, context);
  }

  // 4. The outcome. Decided on the key's own stream: a second one for the same registration changes nothing.
  const registered = { publicKey: spki.toString('base64'), publicKeySha256, ckaIdHex: found.ckaIdHex, tokenSerial: found.tokenSerial, signer: context.signer.name };
  return end(registration, { type: 'complete-registration', attempt: requested.attempt, registered }, context);
}

async function isOpen({ requested }: OpenRegistration, { keys }: RegistrationContext): Promise<boolean> {
  const { state } = await keys.states.refresh(keyStream(requested.keyId));
  return state.status === 'creating' && state.attempt === requested.attempt;
}

/**
 * A pair that is to be adopted, and is not in this token: the signers of other tokens look for theirs first (rule 18). Asked before the lock, which
 * nobody else could take then.
 */
async function mayBeElsewhere({ requested: { adopt, algorithm, modulusBits, requestedAt } }: OpenRegistration, { hsm, clock, alone }: RegistrationContext): Promise<boolean> {
  if (adopt === null || alone() || clock.wall() - Date.parse(requestedAt) > LEFT_TO_OTHERS_MS) return false;
  return hsm.findKeyPair({ ...adopt, algorithm, modulusBits }).then(() => false, (error: unknown) => error instanceof HsmError && error.reason === 'KEY_MISSING');
}

/** The pair in the token, or why there is none. @throws the HSM's error when the process ends meanwhile */
async function pairFor({ registrationId, requested }: OpenRegistration, context: RegistrationContext): Promise<HsmKeyPair | RegistrationFailure> {
  const { hsm, clock, limits, signal, log } = context;
  const { keyId, adopt, ckaIdHex, algorithm, modulusBits } = requested;
  const until = clock.monotonic() + limits.retryForMs;
  for (let pauseMs = limits.firstPauseMs; ; pauseMs = Math.min(limits.lastPauseMs, pauseMs * 2)) {
    try {
      return adopt === null ? await hsm.findOrCreateKeyPair({ ckaIdHex, label: keyId, algorithm, modulusBits }) : await hsm.findKeyPair({ ...adopt, algorithm, modulusBits });
    } catch (error) {
      log({ keyId, registrationId, error }, 'the HSM did not make or find a key pair');
      const failure = registrationFailure(error);
      if (failure !== 'retry') return failure;
      if (clock.monotonic() >= until) return HSM_GONE;
      await pause(pauseMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

async function end({ registrationId, requested }: OpenRegistration, command: KeyCommand, { keys, signer }: RegistrationContext): Promise<RegistrationResult> {
  const meta = { commandId: derivedId('key-registration', registrationId, command.type), keyed: false, actor: systemActor(`signer/${signer.name}`), bodyDigest: null, requestId: null };
  await keys.execute({ stream: keyStream(requested.keyId), meta, build: () => command });
  return 'ended';
}
