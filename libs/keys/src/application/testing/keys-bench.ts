import { NOBODY_KNOWN } from '#identity/contract.js';
import type { ControlPlane } from '#operations/contract.js';
import { CommandExecutor } from '#eventing/command-executor.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import { randomId } from '#eventing/ids.js';
import { FollowingAwaiter } from '#eventing/following-awaiter.js';
import { StreamStates } from '#eventing/stream-states.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import { systemActor } from '#kernel/actor.js';
import { keyDecider } from '../../domain/key/decide.js';
import type { KeyCommand } from '../../domain/key/commands.js';
import { KEY_PREFIX, keyStream } from '../../streams.js';
import { keyKind } from '../key-kind.js';
import type { KeyExecutor } from '../key-executor.js';
import type { KeyRegistration } from '../register-key/register-key.command.js';

/** Nothing was ever said of policies: a key's own is all. */
export const PLAIN_PLANE: ControlPlane = (() => {
  const view = { directory: NOBODY_KNOWN, resolve: () => [], sessionNames: () => false, mutualWithinDays: 0 };
  return { fresh: () => Promise.resolve(view), known: () => view, relying: { audience: '', rpId: '', origin: '' } };
})();

export const NOON = Date.parse('2026-11-20T12:00:00.000Z');
export const ADMIN = { issuer: 'https://idp.example', subject: 'admin1' };
export const PAIR = { publicKey: 'c3BraQ==', publicKeySha256: 'ff', ckaIdHex: 'aa', tokenSerial: '1', signer: 'signer-1' } as const;
export const pem = (spki: string): string => `pem of ${spki}`;
export const asked = (over: Partial<KeyRegistration> = {}): KeyRegistration => ({
  keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ...over,
});
export const meta = (over: Partial<CommandMeta> = {}): CommandMeta => ({ commandId: randomId(), keyed: false, actor: ADMIN, bodyDigest: 'body', requestId: null, ...over });

/** One process's parts around a store in memory, for tests of the handlers of keys. */
export class KeysBench {
  readonly trusted = new TrustedClock({ wall: () => NOON, monotonic: () => 0 });
  readonly keys: KeyExecutor;
  readonly awaiter: FollowingAwaiter;

  constructor(readonly store = new MemoryEventStore()) {
    this.keys = new CommandExecutor(store, keyDecider, new StreamStates(store, keyKind, { capacity: 100 }), this.trusted);
    this.awaiter = new FollowingAwaiter({ store, prefixes: [KEY_PREFIX] });
  }

  /** What another part of the service does to a key. */
  async does(keyId: string, command: KeyCommand): Promise<void> {
    await this.keys.execute({ stream: keyStream(keyId), meta: meta({ actor: systemActor('test') }), build: () => command });
  }

  async register(keyId: string): Promise<void> {
    await this.does(keyId, { type: 'request-registration', registration: { ...asked({ keyId }), ckaIdHex: 'aa' }, at: new Date(NOON).toISOString() });
    await this.does(keyId, { type: 'complete-registration', attempt: 1, registered: PAIR });
  }

  async typesOf(stream: string): Promise<readonly string[]> {
    return (await this.store.readStream(stream, { limit: 1000 })).map((e) => e.type);
  }
}
