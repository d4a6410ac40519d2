import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { ADMINISTRATORS } from '#administration/contract.js';
import { CommandExecutor } from '#eventing/command-executor.js';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { StreamStates } from '#eventing/stream-states.js';
import { PROOF_VERIFIER } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import { CONTROL_PLANE } from '#operations/contract.js';
import type { ControlPlane } from '#operations/contract.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { acceptanceDecider } from '../../domain/ledger-acceptance/decide.js';
import type { AcceptOlderStore } from '../../domain/ledger-acceptance/decide.js';
import type { AcceptanceEvent } from '../../domain/ledger-acceptance/events.js';
import { isAccepted, namedHead } from '../../domain/ledger-acceptance/state.js';
import type { AcceptanceState } from '../../domain/ledger-acceptance/state.js';
import { ledgerStream } from '../../streams.js';
import { requireSigned } from '../own-statement.js';
import { acceptanceKind } from './acceptance-kind.js';
import { AcceptStoreCommand } from './accept-store.command.js';
import type { StoreAcceptanceView } from './accept-store.command.js';
import { acceptanceStatement } from './acceptance-statement.js';
import { ledgerIdOf } from './ledger-head.js';

@CommandHandler(AcceptStoreCommand)
export class AcceptStoreHandler implements ICommandHandler<AcceptStoreCommand> {
  private readonly acceptances: CommandExecutor<AcceptOlderStore, AcceptanceEvent, AcceptanceState>;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(TRUSTED_CLOCK) clock: TrustedClock,
    @Inject(CONTROL_PLANE) private readonly controlPlane: Pick<ControlPlane, 'fresh'>,
    @Inject(PROOF_VERIFIER) private readonly verifier: ProofVerifier,
  ) {
    // Nothing is kept: it is asked when the store was set back, maybe for the second time.
    this.acceptances = new CommandExecutor(store, acceptanceDecider, new StreamStates(store, acceptanceKind, { capacity: 0, observe: clock.follow.bind(clock) }), clock);
  }

  async execute({ meta, caller, head, comment, proof }: AcceptStoreCommand): Promise<StoreAcceptanceView> {
    const { directory } = await this.controlPlane.fresh();
    // Without a genesis there is no roster.
    const roster = directory.rosterGroups(caller);
    if (roster !== undefined && !roster.includes(ADMINISTRATORS)) throw new DomainError('ROLE_REQUIRED', 'the roster of administrators does not name you');
    if (roster !== undefined && proof === undefined) throw new DomainError('PROOF_REQUIRED', 'under a genesis administrators sign that they accept an older store');
    if (proof !== undefined) await requireSigned(proof, acceptanceStatement(head), 'head', caller, directory, this.verifier);
    const storeId = await this.store.storeId();
    const ledgerId = ledgerIdOf(head);
    const by = { issuer: caller.issuer, subject: caller.subject };
    const { folded } = await this.acceptances.execute({ stream: ledgerStream(ledgerId), meta, build: () => ({ ledgerId, head, storeId, by, name: caller.name, comment, ...(proof === undefined ? {} : { proof }) }) });
    const named = namedHead(folded.state, head, storeId);
    const word = (roster !== undefined ? named?.signedBy : named?.by) ?? [];
    return { head, storeId, accepted: isAccepted(word), by: word };
  }
}
