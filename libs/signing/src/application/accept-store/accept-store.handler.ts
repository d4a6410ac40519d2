import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandExecutor } from '#eventing/command-executor.js';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { acceptanceDecider } from '../../domain/ledger-acceptance/decide.js';
import type { AcceptOlderStore } from '../../domain/ledger-acceptance/decide.js';
import type { AcceptanceEvent } from '../../domain/ledger-acceptance/events.js';
import { isAccepted, namedHead } from '../../domain/ledger-acceptance/state.js';
import type { AcceptanceState } from '../../domain/ledger-acceptance/state.js';
import { ledgerStream } from '../../streams.js';
import { acceptanceKind } from './acceptance-kind.js';
import { AcceptStoreCommand } from './accept-store.command.js';
import type { StoreAcceptanceView } from './accept-store.command.js';
import { ledgerIdOf } from './ledger-head.js';

@CommandHandler(AcceptStoreCommand)
export class AcceptStoreHandler implements ICommandHandler<AcceptStoreCommand> {
  private readonly acceptances: CommandExecutor<AcceptOlderStore, AcceptanceEvent, AcceptanceState>;

  constructor(@Inject(EVENT_STORE) private readonly store: EventStore, @Inject(TRUSTED_CLOCK) clock: TrustedClock) {
    // Nothing is kept: it is asked when the store was set back, maybe for the second time.
    this.acceptances = new CommandExecutor(store, acceptanceDecider, new StreamStates(store, acceptanceKind, { capacity: 0, observe: clock.follow.bind(clock) }), clock);
  }

  async execute({ meta, caller, head, comment }: AcceptStoreCommand): Promise<StoreAcceptanceView> {
    const storeId = await this.store.storeId();
    const ledgerId = ledgerIdOf(head);
    const by = { issuer: caller.issuer, subject: caller.subject };
    const { folded } = await this.acceptances.execute({ stream: ledgerStream(ledgerId), meta, build: () => ({ ledgerId, head, storeId, by, name: caller.name, comment }) });
    const named = namedHead(folded.state, head, storeId);
    return { head, storeId, accepted: isAccepted(named), by: named?.by ?? [] };
  }
}
