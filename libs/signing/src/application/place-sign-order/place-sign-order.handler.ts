import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { Executed } from '#eventing/command-executor.js';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { derivedId } from '#eventing/ids.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { STREAM_AWAITER } from '#eventing/stream-awaiter.port.js';
import type { StreamAwaiter } from '#eventing/stream-awaiter.port.js';
import type { Folded } from '#eventing/stream-states.js';
import { sameActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { CONTROL_PLANE, KEY_STATES, OPERATION_EXECUTOR, operationStream, policiesOf, RefusalRecorder } from '#operations/contract.js';
import { PROOF_VERIFIER } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { ControlPlane, KeyStates, OperationEvent, OperationExecutor, OperationState, UsesReserved } from '#operations/contract.js';
import { signOrderStream } from '../../streams.js';
import type { OrderFacts } from '../../domain/sign-order/events.js';
import { evolveSignOrder, initialSignOrder } from '../../domain/sign-order/state.js';
import { SignOrders } from '../get-sign-order/sign-orders.js';
import { SIGNER_STATUS } from '../ports/signer-status.port.js';
import type { SignerStatus } from '../ports/signer-status.port.js';
import { decodeSigningEvent } from '../sign-order-kind.js';
import type { SignOrderView } from '../sign-order-view.js';
import { viewReserved, viewSignOrder } from '../view-sign-order.js';
import { checkedInput } from './checked-input.js';
import { provenOrder } from './proven-order.js';
import { PlaceSignOrderCommand } from './place-sign-order.command.js';

type Reserved = UsesReserved['data'];

@CommandHandler(PlaceSignOrderCommand)
export class PlaceSignOrderHandler implements ICommandHandler<PlaceSignOrderCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(KEY_STATES) private readonly keys: KeyStates,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(PROOF_VERIFIER) private readonly verifier: ProofVerifier,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(STREAM_AWAITER) private readonly awaiter: StreamAwaiter,
    @Inject(SIGNER_STATUS) private readonly signers: SignerStatus,
    private readonly refusals: RefusalRecorder,
    private readonly orders: SignOrders,
  ) {}

  async execute(command: PlaceSignOrderCommand): Promise<SignOrderView> {
    const { meta, operationId, request, waitMs } = command;
    const signOrderId = derivedId('sign-order', meta.commandId);
    // Whoever waits is there before the signer can answer, so that no outcome passes unseen.
    const outcome = waitMs > 0 ? this.awaiter.expect(signOrderStream(signOrderId), waitMs, (e) => e.type !== 'signing.started.v1') : undefined;
    try {
      const executed = await this.reserve(command, signOrderId);
      const reserved = executed.events[0];
      if (reserved === undefined) return await this.earlier(command, signOrderId);
      if (reserved.type !== 'operations.uses-reserved.v1') throw new TypeError('an order reserves uses');
      const ended = await outcome?.event;
      return ended === undefined ? await this.unfinished(reserved.data, waitMs) : ending(reserved.data, reserved.id, ended);
    } catch (error) {
      this.refusals.use(operationId, meta.actor, request.keyId, error);
      throw error;
    } finally {
      outcome?.cancel();
    }
  }

  /** Without events: this Idempotency-Key has its order. */
  private async reserve(command: PlaceSignOrderCommand, signOrderId: string): Promise<Executed<OperationState, OperationEvent>> {
    const { meta, operationId, request } = command;
    const stream = operationStream(operationId);
    const known = await this.operations.states.load(stream);
    if (known.revision < 0) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
    // Whose it is never changes, and is answered before what only its readers may know: which keys it covers, and of what kind they are.
    if (known.state.request !== null && !sameActor(known.state.request.requestedBy, meta.actor)) throw new DomainError('NOT_YOUR_OPERATION', 'only who asked for it orders signatures under it');
    const grant = known.state.grants.find((g) => g.keyId === request.keyId);
    // A key that is none of the operation's is refused by the decider, in its turn among the checks.
    const { input, digests, format, count } = grant === undefined ? { input: { digests: [] }, digests: [], format: 'der' as const, count: 1 } : checkedInput(request, grant.algorithm);
    const [key, plane] = await Promise.all([grant === undefined ? undefined : this.keys.fresh(request.keyId), this.controlPlane.fresh()]);
    const keyEnabled = key === undefined || key.state.status === 'enabled';
    const inForce = key === undefined ? null : plane.resolve(key.state.approvalPolicy);
    const offered = grant === undefined ? undefined : await provenOrder({ ...command, policies: [...policiesOf(grant), ...(inForce ?? []).map((p) => p.policy)], digests, state: known.state }, plane.directory, this.verifier);
    const outside = key?.state.purpose === 'root' && !plane.sessionNames(request.keyId, this.clock.now().closing) ? new DomainError('SESSION_REQUIRED', 'a root key signs in an administration session that names it, and none is open') : null;
    return this.operations.execute({
      stream,
      meta,
      ...(meta.keyed ? { precheck: (folded: Folded<OperationState>) => this.answeredBefore(folded, signOrderId) } : {}),
      build: (now) => ({
        type: 'reserve-uses',
        by: meta.actor,
        order: { signOrderId, requestedAt: now.closing, keyId: request.keyId, count, input, format, bodyDigest: meta.bodyDigest ?? '', ...(offered === undefined || offered instanceof DomainError ? {} : { proof: offered }) },
        digests,
        keyEnabled,
        inForce,
        directory: plane.directory,
        // Asked of an order that is new, and after the operation's state: of one that was taken neither session nor credential is asked again.
        lacking: outside ?? (offered instanceof DomainError ? offered : null),
        unavailable: this.signers.down() ?? null,
        now,
      }),
    });
  }

  /** Rule 4: first the open reservations of this very state, then the order's own stream. In this order, since an order is closed only after its stream has its end. */
  private async answeredBefore(folded: Folded<OperationState>, signOrderId: string): Promise<'answered' | 'new'> {
    if (folded.state.open.has(signOrderId)) return 'answered';
    const first = await this.store.readStream(signOrderStream(signOrderId), { limit: 1 });
    return first.length > 0 ? 'answered' : 'new';
  }

  /** The order that this Idempotency-Key made, as it is now: waited for like a new one. */
  private async earlier({ meta, operationId, waitMs }: PlaceSignOrderCommand, signOrderId: string): Promise<SignOrderView> {
    const found = await this.orders.find(operationId, signOrderId);
    if (found.bodyDigest !== meta.bodyDigest) throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used with another body');
    if (found.ended || waitMs === 0) return found.view;
    await this.awaiter.until(signOrderStream(signOrderId), 0, waitMs, (e) => e.type !== 'signing.started.v1');
    return (await this.orders.find(operationId, signOrderId)).view;
  }

  private async unfinished(reserved: Reserved, waitMs: number): Promise<SignOrderView> {
    return waitMs === 0 ? viewReserved(reserved) : (await this.orders.find(reserved.operationId, reserved.signOrderId)).view;
  }
}

/** The view from the reservation and the event that ended the order, without reading the order's stream. */
function ending(reserved: Reserved, reservation: string, ended: RecordedEvent): SignOrderView {
  const { operationId, signOrderId, bodyDigest, requestedAt, keyId, algorithm, count, format } = reserved;
  const facts: OrderFacts = { operationId, signOrderId, reservation, bodyDigest, requestedAt, keyId, algorithm, count, format };
  return viewSignOrder(evolveSignOrder({ ...initialSignOrder, status: 'started', facts }, decodeSigningEvent(ended))) ?? viewReserved(reserved);
}
