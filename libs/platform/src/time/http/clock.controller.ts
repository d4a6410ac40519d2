import { Controller } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { bodyOf } from '../../http/endpoint/endpoint-facts.js';
import { Endpoint } from '../../http/endpoint/endpoint.decorator.js';
import { Input, Meta } from '../../http/parameters/caller.decorator.js';
import { ref } from '../../http/schema/json-schema.js';
import { ConfirmClockCommand } from '../confirm-clock/confirm-clock.command.js';
import { ClockConfirmationBody, ConfirmClockDto } from './confirm-clock.dto.js';

@Controller()
export class ClockController {
  constructor(private readonly commands: CommandBus) {}

  @Endpoint({
    id: 'confirmClock', method: 'POST', path: '/v1/clock/confirmation', tag: 'Around it', summary: 'Vouch for the clock after a jump', access: 'administrator',
    description: 'A jump of more than 60 s stops signing and /readyz until then.',
    body: bodyOf(ConfirmClockDto, { comment: { comment: 'Compared with the radio clock: the time server had failed' } }),
    answers: [{ status: 201, description: 'Signing goes on', schema: ref(ClockConfirmationBody), examples: { confirmed: { confirmedAt: '2026-11-20T12:00:00.000Z' } } }],
  })
  async confirm(@Meta() meta: CommandMeta, @Input() body: ConfirmClockDto): Promise<ClockConfirmationBody> {
    return this.commands.execute(new ConfirmClockCommand(meta, body.comment));
  }
}
