import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { DEPLOYMENT } from '#eventing/deployment.js';
import { derivedId } from '#eventing/ids.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { principalView } from '#identity/contract.js';
import type { Principal } from '#identity/contract.js';
import type { KeyState } from '#keys/contract.js';
import { operationStream } from '../../streams.js';
import type { GrantedKey, Requested } from '../../domain/operation/events.js';
import type { Now } from '../../domain/operation/use.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { KEY_STATES } from '../ports/key-states.port.js';
import type { KeyStates } from '../ports/key-states.port.js';
import { checkRequest, pinned } from '../pin-policies.js';
import { policiesDigest } from '../policy-digest.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane, ControlPlaneView } from '../ports/control-plane.port.js';
import { requestStatement } from '../request-statement.js';
import { answer } from '../answer.js';
import { RequestOperationCommand } from './request-operation.command.js';
import type { OperationRequest } from './request-operation.command.js';

/** The last instant that four digits of a year can tell. */
const END_OF_TIME = Date.parse('9999-12-31T23:59:59.999Z');

@CommandHandler(RequestOperationCommand)
export class RequestOperationHandler implements ICommandHandler<RequestOperationCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(KEY_STATES) private readonly keys: KeyStates,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(DEPLOYMENT) private readonly deployment: string,
  ) {}

  async execute({ meta, caller, request }: RequestOperationCommand): Promise<OperationView> {
    const operationId = derivedId('operation', meta.commandId);
    const stream = operationStream(operationId);
    // What was answered stays answered, whatever has become of the keys since.
    const answered = meta.keyed && (await this.operations.states.refresh(stream)).revision >= 0;
    const plane = await this.controlPlane.fresh();
    const keyUsages = answered ? [] : await this.grantedKeys(request, caller, plane);
    const { directory } = plane;
    const executed = await this.operations.execute({ stream, meta, build: (now) => ({ type: 'request', request: this.stated(operationId, request, caller, keyUsages, now), directory, now }) });
    return answer(executed.folded, directory);
  }

  /** Policy, status and public key as the leader has them (rule 13). */
  private async grantedKeys(request: OperationRequest, caller: Principal, plane: ControlPlaneView): Promise<readonly GrantedKey[]> {
    const folded = await Promise.all(request.keyUsages.map((u) => this.keys.fresh(u.keyId)));
    const granted = request.keyUsages.map(({ keyId, maxUsageCount }, i) => {
      const key = folded[i]?.state;
      if (key === undefined || key.publicKeySha256 === null || (key.status !== 'enabled' && key.status !== 'disabled')) throw new DomainError('KEY_UNKNOWN', `there is no key ${keyId}`);
      if (!mayRequest(key, caller)) throw new DomainError('KEY_NOT_ALLOWED', `you may not ask for ${keyId}`);
      if (key.status === 'disabled') throw new DomainError('KEY_DISABLED', `${keyId} is disabled`);
      return { keyId, algorithm: key.algorithm, publicKeySha256: key.publicKeySha256, maxUsageCount, ...pinned(plane.resolve(key.approvalPolicy), request.emergency !== undefined) };
    });
    checkRequest(request, granted);
    return granted;
  }

  private stated(operationId: string, request: OperationRequest, caller: Principal, keyUsages: readonly GrantedKey[], now: Now): Requested['data'] {
    const opens = request.notBefore === null ? Date.parse(now.opening) : Date.parse(request.notBefore);
    const ends = opens + request.validMs;
    if (!Number.isFinite(opens) || opens < 0 || ends > END_OF_TIME) throw invalid({ path: '/notBefore', message: 'must lie between the years 1970 and 9999' });
    const notBefore = new Date(opens).toISOString();
    const expiresAt = new Date(ends).toISOString();
    if (expiresAt <= now.closing) throw invalid({ path: '/notBefore', message: 'the window is over already' });
    const asked = { operationId, requestedAt: now.closing, notBefore, expiresAt, description: request.description, approverContext: request.approverContext, binding: request.binding };
    const emergency = request.emergency?.reason ?? null;
    const { statement, digest } = requestStatement({ ...asked, deployment: this.deployment, requestedBy: principalView(caller), keyUsages, grants: [], emergency });
    return {
      ...asked, requestDigest: digest, policyDigest: policiesDigest(keyUsages, []), requestedBy: { issuer: caller.issuer, subject: caller.subject }, keyUsages,
      ...(emergency === null ? {} : { emergency: true }),
      personal: { name: caller.name, claims: caller.claims, statement, ...(emergency === null ? {} : { emergencyReason: emergency }) },
    };
  }
}

const mayRequest = ({ requesters }: KeyState, caller: Principal): boolean =>
  requesters === null || ((requesters.group === null || caller.groups.includes(requesters.group)) && (requesters.role === null || caller.roles.some((r) => r === requesters.role)));
