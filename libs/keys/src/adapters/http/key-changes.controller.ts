import { Controller, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { policySourceFaults, policySourceOf } from '#platform/http/fields/policy.field.js';
import { Asked, Caller, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import type { AskedCall } from '#platform/http/parameters/caller.decorator.js';
import { CountersignProof } from '#platform/http/parameters/header.decorator.js';
import { KeyId } from '#platform/http/parameters/path.decorator.js';
import { ACT_PROBLEMS, answerProposed, proposedAnswer } from '#platform/http/proposed-act.js';
import type { ProposedActBody } from '#platform/http/proposed-act.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { POLICY_SOURCE_REQUEST } from '#platform/http/schema/policy.schema.js';
import { ChangePolicyCommand } from '../../application/change-policy/change-policy.command.js';
import { DisableKeyCommand } from '../../application/disable-key/disable-key.command.js';
import { KeyGovernance } from '../../application/govern-keys/key-governance.js';
import { EnableKeyCommand } from '../../application/enable-key/enable-key.command.js';
import { EXAMPLE_KEY, IN_FLIGHT, POLICIES } from './key.examples.js';
import { DisabledKeyBody, KeyBody, keyBody } from './key.schema.js';
import { ReasonDto } from './register-key.dto.js';

@Controller()
export class KeyChangesController {
  constructor(private readonly commands: CommandBus, private readonly governance: KeyGovernance) {}

  @Endpoint({
    id: 'changeApprovalPolicy', method: 'PUT', path: '/v1/keys/:keyId/approval-policy', tag: 'Keys', summary: 'Change who must approve', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'For new operations. What is stricter than before is asked of every use of earlier ones as well, unless their policy looks at the decision alone.',
    body: {
      schema: POLICY_SOURCE_REQUEST,
      faults: policySourceFaults,
      examples: POLICIES,
    },
    answers: [{ status: 200, description: 'The key', schema: ref(KeyBody), headers: ['ETag'], examples: { key: EXAMPLE_KEY } }, proposedAnswer],
    problems: [...ACT_PROBLEMS, 'KEY_NOT_FOUND', 'POLICY_UNSATISFIABLE', 'POLICY_NOT_FOUND'],
  })
  async changePolicy(@Meta() meta: CommandMeta, @Caller() caller: Principal, @KeyId() keyId: string, @Input() body: unknown, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody | ProposedActBody> {
    const source = policySourceOf(body, '');
    const awaited = await this.governance.ask(meta, caller, { ...asked, proof });
    if (awaited !== undefined) return answerProposed(awaited, answer);
    const view = await this.commands.execute(new ChangePolicyCommand(meta, keyId, source));
    setRevision(answer, view.revision);
    return keyBody(view);
  }

  @Endpoint({
    id: 'disableKey', method: 'POST', path: '/v1/keys/:keyId/disable', tag: 'Keys', summary: 'Disable a key', access: 'administrator', headers: ['Countersign-Proof'],
    description: 'At once. A disabled key signs nothing, whatever was approved. Again: unchanged.',
    body: bodyOf(ReasonDto, { reason: { reason: 'Laptop of the build lead was stolen' } }),
    answers: [{ status: 200, description: 'The key', schema: ref(DisabledKeyBody), headers: ['ETag'], examples: { disabled: { ...EXAMPLE_KEY, status: 'disabled', revision: 2, inFlight: IN_FLIGHT } } }],
    problems: [...ACT_PROBLEMS, 'KEY_NOT_FOUND'],
  })
  async disable(@Meta() meta: CommandMeta, @Caller() caller: Principal, @KeyId() keyId: string, @Input() body: ReasonDto, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<DisabledKeyBody> {
    await this.governance.ask(meta, caller, { ...asked, proof });
    const view = await this.commands.execute(new DisableKeyCommand(meta, keyId, body.reason));
    setRevision(answer, view.revision);
    return { ...keyBody(view), inFlight: view.inFlight };
  }

  @Endpoint({
    id: 'enableKey', method: 'POST', path: '/v1/keys/:keyId/enable', tag: 'Keys', summary: 'Enable a key again', description: 'Again: unchanged.', access: 'administrator', headers: ['Countersign-Proof'],
    body: bodyOf(ReasonDto, { reason: { reason: 'The laptop was found' } }),
    answers: [{ status: 200, description: 'The key', schema: ref(KeyBody), headers: ['ETag'], examples: { key: EXAMPLE_KEY } }, proposedAnswer],
    problems: [...ACT_PROBLEMS, 'KEY_NOT_FOUND'],
  })
  async enable(@Meta() meta: CommandMeta, @Caller() caller: Principal, @KeyId() keyId: string, @Input() body: ReasonDto, @Asked() asked: AskedCall, @CountersignProof() proof: string | null, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody | ProposedActBody> {
    const awaited = await this.governance.ask(meta, caller, { ...asked, proof });
    if (awaited !== undefined) return answerProposed(awaited, answer);
    const view = await this.commands.execute(new EnableKeyCommand(meta, keyId, body.reason));
    setRevision(answer, view.revision);
    return keyBody(view);
  }
}
