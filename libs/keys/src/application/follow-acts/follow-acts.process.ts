import { chainedEffect } from '#administration/contract.js';
import type { Effect, PermittedKey } from '#administration/contract.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { DEFAULT_MODULUS_BITS, isRsa } from '../../domain/key/algorithm.js';
import type { KeyCommand } from '../../domain/key/commands.js';
import { keyStream } from '../../streams.js';
import type { KeyExecutor } from '../key-executor.js';
import { ckaIdOf } from '../register-key/cka-id.js';
import type { KeyRegistration } from '../register-key/register-key.command.js';

/**
 * Keys follow the control plane (rule 22): what was permitted or changed there, by an operation or by an api that was cut off in between, is done in the key's own stream. Under the
 * command of the act itself: where that was done already, it is known, and nothing is done twice.
 */
export class FollowActs {
  constructor(private readonly keys: KeyExecutor, private readonly refused: (keyId: string, error: DomainError) => void = () => undefined) {}

  /** In the chain's order. @throws StoreUnavailableError, OutcomeUnknownError: the same events are to come again */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) {
      const done = chainedEffect(event);
      if (done !== undefined) await this.follow(event, done.effect, done.by);
    }
  }

  private async follow({ metadata }: RecordedEvent, effect: Effect, by: Actor): Promise<void> {
    const keyId = effect.type === 'key-permitted' ? effect.key.keyId : 'keyId' in effect ? effect.keyId : undefined;
    if (keyId === undefined) return;
    const meta: CommandMeta = { commandId: metadata.commandId, keyed: true, actor: by, bodyDigest: metadata.bodyDigest ?? null, requestId: null };
    try {
      await this.keys.execute({ stream: keyStream(keyId), meta, build: (now) => commandOf(effect, meta.commandId, by, now.closing) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.refused(keyId, error);
    }
  }
}

function commandOf(effect: Effect, commandId: string, by: Actor, at: Instant): KeyCommand {
  switch (effect.type) {
    case 'key-permitted': {
      const registration = registrationOf(effect.key);
      return { type: 'request-registration', registration: { ...registration, ckaIdHex: ckaIdOf(commandId, registration) }, at };
    }
    case 'key-policy-set':
      return { type: 'change-policy', approvalPolicy: effect.policy, by };
    case 'key-enabled':
      return { type: 'enable', reason: effect.reason, by };
    case 'key-disabled':
      return { type: 'disable', reason: effect.reason, by };
    default:
      throw new TypeError(`${effect.type} is no act on a key`);
  }
}

/** A pair that is to be generated has a size; an adopted one has its own. */
function registrationOf({ policy, ...key }: PermittedKey): KeyRegistration {
  const modulusBits = isRsa(key.algorithm) && key.modulusBits === null && key.adopt === null ? DEFAULT_MODULUS_BITS : key.modulusBits;
  return { ...key, modulusBits, approvalPolicy: policy };
}
