import type { Provider, Type } from '@nestjs/common';
import { CommandHandler, QueryHandler } from '@nestjs/cqrs';
import { ListCredentialsQuery } from '#administration/application/list-credentials/list-credentials.query.js';
import { PerformActCommand } from '#administration/application/perform-act/perform-act.command.js';
import { ProposeCredentialCommand } from '#administration/application/propose-credential/propose-credential.command.js';
import { ReadControlPlaneQuery } from '#administration/application/read-control-plane/read-control-plane.query.js';
import { RegistrationOptionsCommand } from '#administration/application/registration-options/registration-options.command.js';
import { AuditTrailQuery } from '#evidence/application/audit-trail/audit-trail.query.js';
import { OperationTrailQuery } from '#evidence/application/operation-trail/operation-trail.query.js';
import { ChangePolicyCommand } from '#keys/application/change-policy/change-policy.command.js';
import { DisableKeyCommand } from '#keys/application/disable-key/disable-key.command.js';
import { EnableKeyCommand } from '#keys/application/enable-key/enable-key.command.js';
import { GetKeyQuery } from '#keys/application/get-key/get-key.query.js';
import { ListKeysQuery } from '#keys/application/list-keys/list-keys.query.js';
import { RegisterKeyCommand } from '#keys/application/register-key/register-key.command.js';
import { ApprovalQueueQuery } from '#operations/application/approval-queue/approval-queue.query.js';
import { DecideOperationCommand } from '#operations/application/decide-operation/decide-operation.command.js';
import { GetOperationQuery } from '#operations/application/get-operation/get-operation.query.js';
import { ListOperationsQuery } from '#operations/application/list-operations/list-operations.query.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { RevokeOperationCommand } from '#operations/application/revoke-operation/revoke-operation.command.js';
import { WithdrawApprovalCommand } from '#operations/application/withdraw-approval/withdraw-approval.command.js';
import { ConfirmClockCommand } from '#platform/time/confirm-clock/confirm-clock.command.js';
import { AnalysePolicyHandler } from '#policies/application/analyse-policy/analyse-policy.handler.js';
import { AnalysePolicyQuery } from '#policies/application/analyse-policy/analyse-policy.query.js';
import { AcceptStoreCommand } from '#signing/application/accept-store/accept-store.command.js';
import { GetSignOrderQuery } from '#signing/application/get-sign-order/get-sign-order.query.js';
import { ListSignOrdersQuery } from '#signing/application/list-sign-orders/list-sign-orders.query.js';
import { PlaceSignOrderCommand } from '#signing/application/place-sign-order/place-sign-order.command.js';
import { ResolveOutcomeCommand } from '#signing/application/resolve-outcome/resolve-outcome.command.js';
import { FakeControlPlane } from './fake-control-plane.js';
import { CREDENTIAL, CREATION_OPTIONS, KEY, OPERATION, OPERATION_ID, SIGN_ORDER, TRAIL_ITEM } from './views.js';

type Message = abstract new (...args: never[]) => object;
type Answering = (message: object) => unknown;

const COMMANDS: readonly (readonly [Message, Answering])[] = [
  [RegisterKeyCommand, () => KEY], [ChangePolicyCommand, () => KEY], [DisableKeyCommand, () => ({ ...KEY, status: 'disabled', inFlight: [] })], [EnableKeyCommand, () => KEY],
  [RequestOperationCommand, () => OPERATION], [DecideOperationCommand, () => OPERATION], [WithdrawApprovalCommand, () => OPERATION],
  [RevokeOperationCommand, () => ({ ...OPERATION, state: 'revoked', inFlight: [] })],
  [PlaceSignOrderCommand, () => SIGN_ORDER], [ResolveOutcomeCommand, () => ({ order: SIGN_ORDER, resolved: false })],
  [ProposeCredentialCommand, () => ({ ...CREDENTIAL, status: 'proposed', operationId: OPERATION_ID })], [RegistrationOptionsCommand, () => CREATION_OPTIONS],
  [ConfirmClockCommand, () => ({ confirmedAt: '2026-11-20T12:00:00.000Z' })],
  [AcceptStoreCommand, () => ({ head: '3d1b7c3e-6c1c-4f0e-9c67-9f4f2c6b8a10:42-9f86d081884c7d65', storeId: 'b3c1a6c2-8c3f-4c52-9a52-0f7f3d0d3f11', accepted: false, by: [] })],
];
const QUERIES: readonly (readonly [Message, Answering])[] = [
  [GetKeyQuery, () => KEY], [ListKeysQuery, () => ({ items: [KEY], nextCursor: 'more' })],
  [GetOperationQuery, () => OPERATION], [ListOperationsQuery, () => ({ items: [OPERATION] })], [ApprovalQueueQuery, () => ({ items: [OPERATION] })],
  [ListCredentialsQuery, () => [CREDENTIAL]],
  [GetSignOrderQuery, () => SIGN_ORDER], [ListSignOrdersQuery, () => ({ items: [SIGN_ORDER] })],
  // Nothing stands behind it that a test would have to make up.
  [AnalysePolicyQuery, (asked) => (asked instanceof AnalysePolicyQuery ? new AnalysePolicyHandler().execute(asked) : undefined)],
  [OperationTrailQuery, () => ({ items: [TRAIL_ITEM] })], [AuditTrailQuery, () => ({ items: [TRAIL_ITEM] })],
];

/** Handlers of every command and query that the api dispatches: they note what they are asked and answer what they are told to. */
export class FakeApplication {
  /** What came, oldest first. */
  readonly asked: object[] = [];
  private readonly answers = new Map<Message, Answering>();
  private controlPlane = new FakeControlPlane();
  /** The operation that every change of a key awaits; undefined: it is done at once. */
  keysAwait: string | undefined;

  /** Answers this message so from now on; an error that is thrown is the answer too. */
  on<M extends Message>(message: M, answer: (message: InstanceType<M>) => unknown): void {
    this.answers.set(message, (asked) => answer(asked as InstanceType<M>));
  }
  reset(): void {
    this.asked.length = 0;
    this.answers.clear();
    this.controlPlane = new FakeControlPlane();
    this.keysAwait = undefined;
  }
  /** The one message of this class that came. */
  only<M extends Message>(message: M): InstanceType<M> {
    const found = this.asked.filter((one): one is InstanceType<M> => one instanceof message);
    const [first] = found;
    if (first === undefined || found.length !== 1) throw new Error(`${found.length} of ${message.name} came`);
    return first;
  }
  providers(): Provider[] {
    const administration = [
      this.handler(CommandHandler, PerformActCommand, (asked) => (asked instanceof PerformActCommand ? this.controlPlane.perform(asked) : undefined)),
      this.handler(QueryHandler, ReadControlPlaneQuery, () => this.controlPlane.read()),
    ];
    return [...administration, ...COMMANDS.map(([message, usual]) => this.handler(CommandHandler, message, usual)), ...QUERIES.map(([message, usual]) => this.handler(QueryHandler, message, usual))];
  }

  private handler(decorator: typeof CommandHandler | typeof QueryHandler, message: Message, usual: Answering): Type {
    const answer = async (asked: object): Promise<unknown> => {
      this.asked.push(asked);
      return (this.answers.get(message) ?? usual)(asked);
    };
    class FakeHandler {
      execute(asked: object): Promise<unknown> {
        return answer(asked);
      }
    }
    Object.defineProperty(FakeHandler, 'name', { value: `Fake${message.name}Handler` });
    decorator(message as Type)(FakeHandler);
    return FakeHandler;
  }
}
