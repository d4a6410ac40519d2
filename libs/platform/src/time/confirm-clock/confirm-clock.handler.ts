import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { ConflictError, EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { CLOCK_CONFIRMED, CLOCK_STREAM, TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { ClockConfirmed, TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { ConfirmClockCommand } from './confirm-clock.command.js';

/** How far back a repetition of the same Idempotency-Key is looked for. */
const LOOK_BACK = 100;

@CommandHandler(ConfirmClockCommand)
export class ConfirmClockHandler implements ICommandHandler<ConfirmClockCommand> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
  ) {}

  async execute({ meta, comment }: ConfirmClockCommand): Promise<{ readonly confirmedAt: string }> {
    const id = randomId();
    for (;;) {
      const latest = await this.store.readStream(CLOCK_STREAM, { limit: LOOK_BACK, direction: 'backward' });
      const earlier = latest.find((e) => e.metadata.commandId === meta.commandId);
      if (earlier !== undefined) {
        if (earlier.metadata.bodyDigest !== (meta.bodyDigest ?? undefined)) throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used with another body');
        return { confirmedAt: (earlier.data as ClockConfirmed).confirmedAt };
      }
      const confirmedAt = this.clock.now().opening;
      const data: ClockConfirmed = { confirmedAt, fault: this.clock.jumped() ?? null, personal: { comment } };
      const metadata = { commandId: meta.commandId, actor: meta.actor, at: confirmedAt, ...(meta.bodyDigest === null ? {} : { bodyDigest: meta.bodyDigest }) };
      try {
        const { position } = await this.store.append(CLOCK_STREAM, latest[0]?.revision ?? 'no-stream', [{ id, type: CLOCK_CONFIRMED, data, metadata }]);
        this.clock.confirm(confirmedAt, position);
        return { confirmedAt };
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }
}
