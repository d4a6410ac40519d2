import { pause } from '#eventing/durable-subscription.js';
import { ConflictError } from '#eventing/event-store.port.js';
import type { EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { keyPairStream, keyRegistrationStream } from '#keys/contract.js';
import type { PairClaimed, RegistrationTaken } from '#keys/contract.js';
import type { LedgerSigner } from '../ports/ledger.port.js';

const RESEND_PAUSE_MS = 100;

export interface RegistrationStreamsOptions {
  readonly store: EventStore;
  readonly trusted: TrustedClock;
  readonly signer: LedgerSigner;
  /** Whether the lock that another signer wrote at `at` is free: that signer has been silent for 30 s (rule 9). A rejection means: not now. */
  readonly mayTakeOver: (signer: string, incarnation: string, at: Position) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** The locks of registrations and the claims of key pairs, as one signer writes them. */
export class RegistrationStreams {
  constructor(private readonly options: RegistrationStreamsOptions) {}

  /**
   * Takes a registration for this incarnation (rules 1, 15): nobody has it, or it was our name's earlier incarnation's, or its taker is silent.
   * The lock is an event with a random id of its own, so that of two takers one conflicts.
   * @returns id of the event that is the lock; undefined: another one has it
   */
  async take(registrationId: string, keyId: string): Promise<string | undefined> {
    const { signer, mayTakeOver } = this.options;
    const last = await this.last(keyRegistrationStream(registrationId));
    if (last !== undefined) {
      const taker = (last.data as RegistrationTaken['data']);
      if (taker.signer === signer.name && taker.incarnation === signer.incarnation) return last.id;
      if (taker.signer !== signer.name && !(await mayTakeOver(taker.signer, taker.incarnation, last.position))) return undefined;
    }
    const taken: RegistrationTaken = { type: 'keys.registration-taken.v1', data: { keyId, signer: signer.name, incarnation: signer.incarnation } };
    return this.append(keyRegistrationStream(registrationId), last?.revision ?? 'no-stream', taken, registrationId);
  }

  /** Whether this lock is still the last one: another signer may have taken over while this process stood still. */
  async holds(registrationId: string, lock: string): Promise<boolean> {
    return (await this.last(keyRegistrationStream(registrationId)))?.id === lock;
  }

  /** Claims a key pair for a keyId, for ever. @returns whether it is this keyId's, by this claim or an earlier one */
  async claim(registrationId: string, keyId: string, publicKeySha256: string): Promise<boolean> {
    const claimed: PairClaimed = { type: 'keys.pair-claimed.v1', data: { keyId, publicKeySha256 } };
    if ((await this.append(keyPairStream(publicKeySha256), 'no-stream', claimed, registrationId)) !== undefined) return true;
    const [owner] = await this.options.store.readStream(keyPairStream(publicKeySha256), { limit: 1 });
    return owner !== undefined && (owner.data as PairClaimed['data']).keyId === keyId;
  }

  private async last(stream: string): Promise<RecordedEvent | undefined> {
    return (await this.options.store.readStream(stream, { limit: 1, direction: 'backward' }))[0];
  }

  /** Sends the identical event until its outcome is known, or the process ends. @returns its id; undefined: another event stands there */
  private async append(stream: string, expected: ExpectedRevision, event: RegistrationTaken | PairClaimed, commandId: string): Promise<string | undefined> {
    const { store, trusted, signer, signal } = this.options;
    const id = randomId();
    const written: NewEvent = { id, type: event.type, data: event.data, metadata: { commandId, actor: systemActor(`signer/${signer.name}`), at: trusted.written() } };
    for (;;) {
      try {
        const { revision } = await store.append(stream, expected, [written]);
        // A stream that was deleted takes an append at NO_STREAM behind what it had: that is no lock (rule 1).
        return revision === (expected === 'no-stream' ? 0 : expected + 1) ? id : undefined;
      } catch (error) {
        if (error instanceof ConflictError) return (await this.isAt(stream, expected, id)) ? id : undefined;
        if (signal.aborted) throw error;
        await pause(RESEND_PAUSE_MS, signal);
      }
    }
  }

  /** A conflict may follow a lost answer: only the id tells whose event stands there. */
  private async isAt(stream: string, expected: ExpectedRevision, id: string): Promise<boolean> {
    const [there] = await this.options.store.readStream(stream, { from: expected === 'no-stream' ? 0 : expected + 1, limit: 1 });
    return there?.id === id;
  }
}
