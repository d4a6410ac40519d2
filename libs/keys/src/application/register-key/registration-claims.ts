import type { CommandMeta } from '#eventing/command-meta.js';
import { ConflictError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, ExpectedRevision, NewEvent } from '#eventing/event-store.port.js';
import { eventIdOf, randomId } from '#eventing/ids.js';
import type { Instant } from '#kernel/clock.js';
import type { RegistrationKeyed } from '../../domain/key/events.js';
import { keyRequestStream, keyStream } from '../../streams.js';
import { actorOf } from '../actor-of.js';
import type { KeyExecutor } from '../key-executor.js';

const ATTEMPTS = 5;

/**
 * A keyId is part of a registration's body, so the stream that answers a repetition depends on the body: the same Idempotency-Key with another keyId
 * would find nothing there. Its own small stream tells which keyId it is about. A claim that nothing came of (refused, failed, or a crash
 * right after it) binds nobody: the next one with this Idempotency-Key takes it over.
 */
export class RegistrationClaims {
  constructor(private readonly store: EventStore, private readonly keys: KeyExecutor) {}

  /** @returns false when this Idempotency-Key was answered about another keyId @throws StoreUnavailableError, OutcomeUnknownError */
  async claim(meta: CommandMeta, keyId: string, at: Instant): Promise<boolean> {
    const stream = keyRequestStream(meta.commandId);
    const attempt = randomId();
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      const [last] = await this.store.readStream(stream, { limit: 1, direction: 'backward' });
      const claimed = last === undefined ? undefined : (last.data as RegistrationKeyed['data']).keyId;
      if (claimed === keyId) return true;
      if (claimed !== undefined && (await this.keys.states.refresh(keyStream(claimed))).answers.has(meta.commandId)) return false;
      const event: RegistrationKeyed = { type: 'keys.registration-keyed.v1', data: { keyId } };
      const { commandId, requestId, bodyDigest } = meta;
      const metadata = { commandId, actor: actorOf(meta), at, ...(bodyDigest === null ? {} : { bodyDigest }), ...(requestId === null ? {} : { requestId }) };
      if (await this.append(stream, last?.revision ?? 'no-stream', { id: eventIdOf(commandId, tries, attempt), ...event, metadata })) return true;
    }
    throw new StoreUnavailableError(`${stream}: ${ATTEMPTS} conflicts`);
  }

  private async append(stream: string, expected: ExpectedRevision, event: NewEvent): Promise<boolean> {
    try {
      await this.store.append(stream, expected, [event]);
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }
}
