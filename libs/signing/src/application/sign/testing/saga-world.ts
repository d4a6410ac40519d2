import { NOBODY_KNOWN } from '#identity/contract.js';
import { createHash, randomUUID } from 'node:crypto';
import { CommandExecutor } from '#eventing/command-executor.js';
import type { ProofFault, ProofVerifier } from '#identity/contract.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { keyKind, keyStream } from '#keys/contract.js';
import { operationDecider, operationKind, operationStream } from '#operations/contract.js';
import type { OperationExecutor, OperationState } from '#operations/contract.js';
import { signOrderStream } from '../../../streams.js';
import type { SigningEvent } from '../../../domain/sign-order/events.js';
import { evidenceKind } from '../../gate/evidence.js';
import type { Gate } from '../../gate/gate.js';
import { openGate } from '../../gate/open-gate.js';
import { MemoryLedger, newLedgerMemory } from '../../ports/testing/memory-ledger.js';
import type { Ledger, LedgerSigner } from '../../ports/ledger.port.js';
import { settleBy, settleUses } from '../../settle-uses/settle-uses.process.js';
import { Authority } from '../authority.js';
import { OrderStream } from '../order-stream.js';
import { RememberedEvents } from '../remembered-events.js';
import { Signer } from '../signer.js';
import { Turns } from '../turns.js';
import { FakeHsm } from './fake-hsm.js';

const ORDERER = { issuer: 'https://idp.test', subject: 'orderer-1' };
const ADMIN = { issuer: 'https://idp.test', subject: 'admin-1' };
export const SPKI = Buffer.from('the public key of k');
const NO_PROOF: ProofFault = { code: 'PROOF_INVALID', detail: 'nothing verifies here' };
const NONE_VERIFIES: ProofVerifier = { decision: () => Promise.resolve(NO_PROOF), jws: () => Promise.resolve({ fault: NO_PROOF }) };
const DEPLOYMENT_ID = '5b1d6a0e-3f0c-4d53-8a53-0b6c5d1f1f00';
const RELYING = { rpId: 'sign.test', origin: 'https://sign.test' };
/** How long signers of a test leave an order to each other. */
const YIELD_MS = 20;
export const SPKI_SHA256 = createHash('sha256').update(SPKI).digest('hex');

/** Time that moves when a test says so; timers are real. */
export class FakeClock {
  private ms = Date.parse('2026-11-20T12:00:00.000Z');
  private up = 1_000;
  wall = (): number => this.ms;
  monotonic = (): number => this.up;
  advance(ms: number): void {
    this.ms += ms;
    this.up += ms;
  }
}

export interface SignerHandle {
  readonly signer: Signer;
  readonly hsm: FakeHsm;
  readonly gate: Gate;
  /** What it takes itself for. */
  readonly self: LedgerSigner;
  /** How often it said that another has to begin in its place. */
  readonly resumed: () => number;
  /** Ends it as kill -9 does: nothing that it would still have done reaches the store or the ledger. */
  readonly kill: () => void;
}

/** One store and one ledger with as many signers over them as a test starts, and orders to be signed. */
export class SagaWorld {
  readonly store = new MemoryEventStore();
  readonly clock = new FakeClock();
  readonly memory = newLedgerMemory();
  ledger: Ledger = new MemoryLedger(this.memory, () => this.clock.monotonic());
  readonly trusted = new TrustedClock(this.clock);
  /** Its id, as signers read it. */
  deployment = DEPLOYMENT_ID;
  /** Digest that signers pin; null: none. */
  genesis: string | null = null;
  readonly operations: OperationExecutor = new CommandExecutor(this.store, operationDecider, new StreamStates(this.store, operationKind, { capacity: 100 }), this.trusted);
  private readonly handles: SignerHandle[] = [];

  /** @param verifier of signed decisions; left out: none verifies */
  constructor(readonly verifier: ProofVerifier = NONE_VERIFIES) {}

  /** A key `k` of no policy, and an operation of `uses` uses of it. @returns operationId */
  async operation(uses: number, validMs = 3_600_000): Promise<string> {
    if ((await this.store.readStream(keyStream('k'), { limit: 1 })).length === 0) await this.registerKey();
    const operationId = randomUUID();
    const at = this.trusted.now().closing;
    await this.operations.execute({
      stream: operationStream(operationId),
      meta: this.meta(ORDERER),
      build: (now) => ({
        type: 'request', directory: NOBODY_KNOWN,
        now,
        request: {
          operationId, requestDigest: 'd', requestedBy: ORDERER, requestedAt: at, notBefore: at, expiresAt: new Date(this.clock.wall() + validMs).toISOString(), description: 'x', approverContext: null, binding: null,
          keyUsages: [{ keyId: 'k', algorithm: 'ES256', publicKeySha256: SPKI_SHA256, maxUsageCount: uses, policy: { type: 'none' } }],
          personal: { name: null, claims: {}, statement: '{}' },
        },
      }),
    });
    return operationId;
  }

  /** Reserves uses as an order of `count` digests. @returns signOrderId */
  async order(operationId: string, count = 1): Promise<string> {
    const signOrderId = randomUUID();
    const digests = Array.from({ length: count }, (_, i) => createHash('sha256').update(`${signOrderId} ${i}`).digest('base64'));
    await this.operations.execute({
      stream: operationStream(operationId),
      meta: this.meta(ORDERER),
      build: (now) => ({ type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order: { signOrderId, requestedAt: now.closing, keyId: 'k', count, input: { digests }, format: 'raw', bodyDigest: 'b' }, digests, keyEnabled: true, lacking: null, unavailable: null, now }),
    });
    return signOrderId;
  }

  async revoke(operationId: string): Promise<void> {
    const by = { ...ADMIN, name: null, claims: {}, roles: ['administrator'], groups: [] };
    await this.operations.execute({ stream: operationStream(operationId), meta: this.meta(ADMIN), build: (now) => ({ type: 'revoke', directory: NOBODY_KNOWN, by, privileged: true, reason: 'test', now }) });
  }

  async disableKey(): Promise<void> {
    const [last] = await this.store.readStream(keyStream('k'), { limit: 1, direction: 'backward' });
    await this.store.append(keyStream('k'), last?.revision ?? 0, [{ id: randomUUID(), type: 'keys.disabled.v1', data: { keyId: 'k', reason: 'test', by: ADMIN }, metadata: { commandId: randomUUID(), actor: ADMIN, at: this.trusted.now().closing } }]);
  }

  /** A signer over this world's store (or a wrapper of it) and ledger. */
  async signer(name: string, more: { readonly hsm?: FakeHsm; readonly store?: EventStore; readonly ledger?: Ledger; readonly concurrency?: number; readonly yieldMs?: number } = {}): Promise<SignerHandle> {
    const hsm = more.hsm ?? new FakeHsm();
    const gate = { dead: false };
    const store = gated(more.store ?? this.store, gate);
    const ledger = gated(more.ledger ?? this.ledger, gate);
    const stopping = new AbortController();
    const trustedClock = new TrustedClock(this.clock);
    const self = { name, incarnation: randomUUID() };
    const judging = await openGate({ store, ledger, clock: this.clock, trusted: trustedClock, verifier: this.verifier, deployment: this.deployment, genesis: this.genesis, relying: RELYING, log: () => undefined });
    const authority = new Authority(new StreamStates(store, evidenceKind, { capacity: 100 }), new StreamStates(store, keyKind, { capacity: 100 }), trustedClock, judging);
    const remembered = new RememberedEvents(store, ledger, this.clock);
    const turns = new Turns(self, () => {
      const status = hsm.status();
      return status.state === 'ready' ? status.tokenSerial : undefined;
    });
    let resumed = 0;
    const signer = new Signer({
      store, trustedClock, turns, concurrency: more.concurrency ?? 4, yieldMs: more.yieldMs ?? YIELD_MS, resumed: () => void (resumed += 1),
      context: {
        signer: self, hsm, ledger, authority, remembered, stream: new OrderStream(store, trustedClock, name, stopping.signal), clock: this.clock, signal: stopping.signal,
        encode: (_a, _f, signature) => Buffer.from(signature).toString('base64'), log: () => undefined,
      },
    });
    await signer.start();
    await eventually(() => Promise.resolve(signer.down()), (d) => d === undefined || d.startsWith('STORE_BEHIND'));
    const handle: SignerHandle = { signer, hsm, gate: judging, self, resumed: () => resumed, kill: () => void ((gate.dead = true), stopping.abort()) };
    this.handles.push(handle);
    return handle;
  }

  /** The next process: a ledger over the same memory, in which no name is held. */
  restartLedger(): void {
    this.ledger = new MemoryLedger(this.memory, () => this.clock.monotonic());
  }

  async events(signOrderId: string): Promise<readonly string[]> {
    return (await this.store.readStream(signOrderStream(signOrderId), { limit: 100 })).map((e) => e.type.replace(/^signing\.|\.v1$/g, ''));
  }

  async last(signOrderId: string): Promise<SigningEvent> {
    const [last] = await this.store.readStream(signOrderStream(signOrderId), { limit: 1, direction: 'backward' });
    if (last === undefined) throw new Error(`${signOrderId} has no event`);
    return { type: last.type, data: last.data } as SigningEvent;
  }

  /** Books all ends there are; again and again changes nothing. */
  async settled(operationId: string): Promise<OperationState> {
    const all: RecordedEvent[] = [...(await this.store.readAll({ limit: 100_000, prefixes: ['signOrder-'] }))];
    await settleUses(all, settleBy(this.operations));
    await settleUses(all, settleBy(this.operations));
    return (await this.operations.states.refresh(operationStream(operationId))).state;
  }

  /** A killed signer never comes to its end: it is told to stop, and not waited for. */
  stop(): void {
    for (const { kill, signer } of this.handles) {
      kill();
      void signer.stop();
    }
  }

  private meta(actor: typeof ORDERER): CommandMeta {
    return { commandId: randomUUID(), keyed: false, actor, bodyDigest: null, requestId: null };
  }

  /** `k`, of no policy by its own stream. */
  async registerKey(purpose: 'firmware' | 'root' = 'firmware'): Promise<void> {
    const at = this.trusted.now().closing;
    const metadata = { commandId: randomUUID(), actor: ADMIN, at };
    await this.store.append(keyStream('k'), 'no-stream', [
      { id: randomUUID(), type: 'keys.registration-requested.v1', metadata, data: { keyId: 'k', requestedAt: at, purpose, algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'aa' } },
      { id: randomUUID(), type: 'keys.registered.v1', metadata, data: { keyId: 'k', publicKey: SPKI.toString('base64'), publicKeySha256: SPKI_SHA256, ckaIdHex: 'aa', tokenSerial: 'serial-1', signer: 'signer-1' } },
    ]);
  }
}

/** A subscription that brings nothing and does not end. */
async function* silence(): AsyncGenerator<never> {
  await new Promise(() => undefined);
}

/** A dead process is never answered and writes nothing. */
function gated<T extends object>(inner: T, gate: { readonly dead: boolean }): T {
  return new Proxy(inner, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (!gate.dead) return Reflect.apply(member, target, args);
        return property === 'subscribe' ? silence() : new Promise(() => undefined);
      };
    },
  });
}

/** Waits for what comes about by itself, bounded. */
export async function eventually<T>(ask: () => Promise<T>, ok: (value: T) => boolean, ms = 5_000): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    const value = await ask();
    if (ok(value)) return value;
    if (performance.now() > until) throw new Error(`not in time: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A place where a test holds something and lets it go. */
export function latch(): { readonly reached: Promise<void>; readonly released: Promise<void>; reach(): void; release(): void } {
  let reach = (): void => undefined;
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  return { reached, released, reach: () => reach(), release: () => release() };
}
