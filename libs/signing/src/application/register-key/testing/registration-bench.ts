import { CommandExecutor } from '#eventing/command-executor.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { StreamStates } from '#eventing/stream-states.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { keyDecider, keyKind, keyRegistrationStream, keyStream } from '#keys/contract.js';
import type { KeyCommand, KeyExecutor, KeyState } from '#keys/contract.js';
import { systemActor } from '#kernel/actor.js';
import { HsmError } from '../../ports/hsm.port.js';
import type { Hsm, HsmKeyPair } from '../../ports/hsm.port.js';
import type { LedgerSigner } from '../../ports/ledger.port.js';
import type { RegistrationContext, RegistrationLimits } from '../attempt-registration.js';
import { KeyRegistrations } from '../key-registrations.process.js';
import { RegistrationStreams } from '../registration-streams.js';

const NOON = Date.parse('2026-11-20T12:00:00.000Z');
type Registration = Extract<KeyCommand, { type: 'request-registration' }>['registration'];
export type TokenCalls = Pick<Hsm, 'findKeyPair' | 'findOrCreateKeyPair'>;

/** A token that keeps its pairs over every restart of who uses it. */
export class FakeToken implements TokenCalls {
  readonly pairs: (HsmKeyPair & { readonly label: string })[] = [];
  /** What the next calls throw, one each. */
  readonly faults: Error[] = [];
  calls = 0;

  add(label: string, ckaIdHex: string): HsmKeyPair {
    const pair = { label, ckaIdHex, spki: Buffer.from(`spki ${this.pairs.length} ${label}`), tokenSerial: 'T1' };
    this.pairs.push(pair);
    return pair;
  }

  async findOrCreateKeyPair({ ckaIdHex, label }: Parameters<Hsm['findOrCreateKeyPair']>[0]): Promise<HsmKeyPair> {
    await this.call();
    return this.pairs.find((p) => p.ckaIdHex === ckaIdHex) ?? this.add(label, ckaIdHex);
  }

  async findKeyPair({ label, idHex }: Parameters<Hsm['findKeyPair']>[0]): Promise<HsmKeyPair> {
    await this.call();
    const [found] = this.pairs.filter((p) => (label === null || p.label === label) && (idHex === null || p.ckaIdHex === idHex));
    if (found === undefined) throw new HsmError('refused', 'KEY_MISSING', 'CKR_SOMETHING');
    return found;
  }

  private async call(): Promise<void> {
    this.calls += 1;
    await Promise.resolve();
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
  }
}

/** What a process does to the world, counted; from the n-th step on it is dead: that step is done or not, and its answer is lost. */
export class Life {
  steps = 0;
  constructor(private readonly dies: { readonly at: number; readonly done: boolean } | undefined, private readonly dead: () => void) {}

  async step<T>(act: () => Promise<T>): Promise<T> {
    const at = this.dies?.at ?? Infinity;
    this.steps += 1;
    if (this.steps < at) return act();
    if (this.steps === at && this.dies?.done === true) await act().catch(() => undefined);
    this.dead();
    throw new StoreUnavailableError('the process is dead');
  }
}

class StoreOfProcess implements EventStore {
  constructor(private readonly store: EventStore, private readonly life: Life) {}
  storeId(): Promise<string> {
    return this.store.storeId();
  }
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    return this.life.step(() => this.store.append(stream, expected, events));
  }
  readStream(stream: string, options: Parameters<EventStore['readStream']>[1]): Promise<readonly RecordedEvent[]> {
    return this.life.step(() => this.store.readStream(stream, options));
  }
  readAll(options: Parameters<EventStore['readAll']>[0]): Promise<readonly RecordedEvent[]> {
    return this.store.readAll(options);
  }
  readAt(position: bigint): Promise<RecordedEvent | undefined> {
    return this.store.readAt(position);
  }
  subscribe(options: Parameters<EventStore['subscribe']>[0]): AsyncIterable<SubscriptionMessage> {
    return this.store.subscribe(options);
  }
}

export interface SignerOptions {
  readonly name?: string;
  readonly dies?: { readonly at: number; readonly done: boolean };
  readonly mayTakeOver?: (signer: string, incarnation: string, at: Position) => Promise<boolean>;
  readonly held?: () => boolean;
  readonly alone?: () => boolean;
  readonly hsm?: TokenCalls;
  readonly store?: EventStore;
  readonly limits?: RegistrationLimits;
  readonly bounds?: { readonly open: number; readonly parallel: number; readonly sweepMs: number };
}

/** One incarnation of a signer. */
export interface SignerProcess {
  readonly signer: LedgerSigner;
  readonly registrations: KeyRegistrations;
  readonly context: RegistrationContext;
  readonly life: Life;
  readonly logged: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[];
  readonly stop: () => void;
  /** Brings it every event that there is, then attempts what is open. */
  catchUp(): Promise<void>;
}

/** A store, a token and a clock that outlive the signers that are started on them. */
export class RegistrationBench {
  readonly token = new FakeToken();
  monotonic = 0;
  wall = NOON;
  private readonly api: KeyExecutor;

  constructor(readonly store = new MemoryEventStore()) {
    this.api = this.executor(store);
  }

  private executor(store: EventStore): KeyExecutor {
    return new CommandExecutor(store, keyDecider, new StreamStates(store, keyKind, { capacity: 100 }), new TrustedClock({ wall: () => NOON, monotonic: () => 0 }));
  }

  /** @returns the registrationId */
  async request(over: Partial<Registration> = {}): Promise<string> {
    const registration: Registration = {
      keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'aa', ...over,
    };
    const meta = { commandId: randomId(), keyed: false, actor: systemActor('test'), bodyDigest: null, requestId: null };
    const { events } = await this.api.execute({ stream: keyStream(registration.keyId), meta, build: (now) => ({ type: 'request-registration', registration, at: now.closing }) });
    return events[0]?.id ?? '';
  }

  async key(keyId = 'fw'): Promise<KeyState> {
    return (await this.api.states.refresh(keyStream(keyId))).state;
  }

  async events(prefix: string): Promise<readonly RecordedEvent[]> {
    return this.store.readAll({ limit: 10_000, prefixes: [prefix] });
  }

  async takers(registrationId: string): Promise<readonly string[]> {
    return (await this.store.readStream(keyRegistrationStream(registrationId), { limit: 100 })).map((e) => (e.data as { readonly signer: string }).signer);
  }

  signer(options: SignerOptions = {}): SignerProcess {
    const signer = { name: options.name ?? 'signer-1', incarnation: randomId() };
    const stop = new AbortController();
    const life = new Life(options.dies, () => stop.abort());
    const store = new StoreOfProcess(options.store ?? this.store, life);
    const token = options.hsm ?? this.token;
    const hsm: TokenCalls = { findKeyPair: (r) => life.step(() => token.findKeyPair(r)), findOrCreateKeyPair: (r) => life.step(() => token.findOrCreateKeyPair(r)) };
    const logged: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
    const trusted = new TrustedClock({ wall: () => NOON, monotonic: () => 0 });
    const context: RegistrationContext = {
      keys: this.executor(store),
      streams: new RegistrationStreams({ store, trusted, signer, mayTakeOver: options.mayTakeOver ?? (() => Promise.resolve(false)), signal: stop.signal }),
      hsm, signer, signal: stop.signal,
      clock: { wall: () => this.wall, monotonic: () => this.monotonic },
      held: options.held ?? (() => false),
      alone: options.alone ?? (() => true),
      limits: options.limits ?? { retryForMs: 30_000, firstPauseMs: 1, lastPauseMs: 1 },
      log: (fields, message) => logged.push({ fields, message }),
    };
    const registrations = new KeyRegistrations(context, options.bounds);
    const catchUp = async (): Promise<void> => {
      for (const event of await this.events('key-')) registrations.observe(event);
      registrations.caughtUp();
      registrations.sweep();
      await registrations.idle();
    };
    return { signer, registrations, context, life, logged, stop: () => stop.abort(), catchUp };
  }
}

