import { pause } from '#eventing/durable-subscription.js';
import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import { decodeKeyEvent } from '#keys/contract.js';
import { attemptRegistration } from './attempt-registration.js';
import type { OpenRegistration, RegistrationContext } from './attempt-registration.js';

/** Registrations without an outcome that one signer keeps in mind. */
export const MAX_OPEN_REGISTRATIONS = 10_000;
/** Attempts at one time: making an RSA pair keeps a session of the token busy for seconds. */
const PARALLEL = 2;
const SWEEP_MS = 10_000;

/** There are too many registrations without an outcome: the subscription brings the event again later. */
export class TooManyRegistrationsError extends Error {
  override readonly name = 'TooManyRegistrationsError';
}

/**
 * The signer's side of registrations: follows the `key-` streams from their beginning, and attempts what has no outcome, once it comes and in
 * every sweep after that, whoever left it behind. At most one attempt of a registration at a time.
 */
export class KeyRegistrations {
  /** By keyId: a key has at most one registration without an outcome. */
  private readonly open = new Map<string, OpenRegistration>();
  /** By registrationId; waiting for their turn, in order. */
  private readonly due = new Map<string, OpenRegistration>();
  private readonly running = new Map<string, Promise<void>>();
  private live = false;

  constructor(private readonly context: RegistrationContext, private readonly bounds: { readonly open: number; readonly parallel: number; readonly sweepMs: number } = { open: MAX_OPEN_REGISTRATIONS, parallel: PARALLEL, sweepMs: SWEEP_MS }) {}

  /**
   * An event of a `key-` stream, from the store's beginning on in order; again is no harm.
   * @throws TooManyRegistrationsError: it is to be given again
   */
  observe(recorded: RecordedEvent): void {
    const event = decodeKeyEvent(recorded);
    if (event.type === 'keys.registered.v1' || event.type === 'keys.registration-failed.v1') this.open.delete(event.data.keyId);
    if (event.type !== 'keys.registration-requested.v1') return;
    if (this.open.size >= this.bounds.open && !this.open.has(event.data.keyId)) {
      // Nothing more comes before room is made, so waiting for the end of what is there would be for ever.
      this.caughtUp();
      throw new TooManyRegistrationsError(`${this.open.size} registrations have no outcome`);
    }
    const registration: OpenRegistration = { registrationId: recorded.id, position: recorded.position, requested: event.data };
    this.open.set(event.data.keyId, registration);
    if (this.live) this.schedule([registration]);
  }

  /** Everything that was there has been observed: from now on it attempts. Before, it would take up what has long had its outcome. */
  caughtUp(): void {
    if (this.live) return;
    this.live = true;
    this.schedule(this.open.values());
  }

  /** Position of the oldest registration without an outcome: who saves a checkpoint beyond it, loses it. Undefined: there is none. */
  openSince(): Position | undefined {
    let oldest: Position | undefined;
    for (const { position } of this.open.values()) if (oldest === undefined || position < oldest) oldest = position;
    return oldest;
  }

  /** Sweeps until the signal aborts, then waits for the attempts that are under way. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.context;
    while (!signal.aborted) {
      await pause(this.bounds.sweepMs, signal);
      if (!signal.aborted) this.sweep();
    }
    this.due.clear();
    await this.idle();
  }

  /** Attempts everything that has no outcome and is not being attempted. */
  sweep(): void {
    if (this.live) this.schedule(this.open.values());
  }

  /** Resolves when no attempt is under way or due. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  private schedule(registrations: Iterable<OpenRegistration>): void {
    for (const r of registrations) if (!this.running.has(r.registrationId)) this.due.set(r.registrationId, r);
    this.fill();
  }

  private fill(): void {
    if (this.context.held()) return;
    for (const [id, registration] of this.due) {
      if (this.running.size >= this.bounds.parallel || this.context.signal.aborted) return;
      this.due.delete(id);
      this.running.set(id, this.attempt(registration));
    }
  }

  private async attempt(registration: OpenRegistration): Promise<void> {
    const { registrationId, requested: { keyId } } = registration;
    try {
      const result = await attemptRegistration(registration, this.context);
      if (result === 'ended' && this.open.get(keyId)?.registrationId === registrationId) this.open.delete(keyId);
    } catch (error) {
      // Whatever it was (the store, the process's end): it stays open, the next sweep takes it up where it stands.
      this.context.log({ keyId, registrationId, error }, 'a registration is left for the next sweep');
    } finally {
      this.running.delete(registrationId);
      this.fill();
    }
  }
}
