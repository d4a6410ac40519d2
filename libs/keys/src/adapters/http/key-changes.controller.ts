import { Controller, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { policySourceFaults, policySourceOf } from '#platform/http/fields/policy.field.js';
import { Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { KeyId } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { POLICY_SOURCE_REQUEST } from '#platform/http/schema/policy.schema.js';
import { ChangePolicyCommand } from '../../application/change-policy/change-policy.command.js';
import { DisableKeyCommand } from '../../application/disable-key/disable-key.command.js';
import { EnableKeyCommand } from '../../application/enable-key/enable-key.command.js';
import { EXAMPLE_KEY, IN_FLIGHT, POLICIES } from './key.examples.js';
import { DisabledKeyBody, KeyBody, keyBody } from './key.schema.js';
import { ReasonDto } from './register-key.dto.js';

@Controller()
export class KeyChangesController {
  constructor(private readonly commands: CommandBus) {}

  @Endpoint({
    id: 'changeApprovalPolicy', method: 'PUT', path: '/v1/keys/:keyId/approval-policy', tag: 'Keys', summary: 'Change who must approve', access: 'administrator',
    description: 'Takes effect for new operations.',
    body: {
      schema: POLICY_SOURCE_REQUEST,
      faults: policySourceFaults,
      examples: POLICIES,
    },
    answers: [{ status: 200, description: 'The key', schema: ref(KeyBody), headers: ['ETag'], examples: { key: EXAMPLE_KEY } }],
    problems: ['KEY_NOT_FOUND', 'POLICY_UNSATISFIABLE', 'POLICY_NOT_FOUND'],
  })
  async changePolicy(@Meta() meta: CommandMeta, @KeyId() keyId: string, @Input() body: unknown, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody> {
    const view = await this.commands.execute(new ChangePolicyCommand(meta, keyId, policySourceOf(body, '')));
    setRevision(answer, view.revision);
    return keyBody(view);
  }

  @Endpoint({
    id: 'disableKey', method: 'POST', path: '/v1/keys/:keyId/disable', tag: 'Keys', summary: 'Disable a key', access: 'administrator',
    description: 'A disabled key signs nothing, whatever was approved. Again: unchanged.',
    body: bodyOf(ReasonDto, { reason: { reason: 'Laptop of the build lead was stolen' } }),
    answers: [{ status: 200, description: 'The key', schema: ref(DisabledKeyBody), headers: ['ETag'], examples: { disabled: { ...EXAMPLE_KEY, status: 'disabled', revision: 2, inFlight: IN_FLIGHT } } }],
    problems: ['KEY_NOT_FOUND'],
  })
  async disable(@Meta() meta: CommandMeta, @KeyId() keyId: string, @Input() body: ReasonDto, @Res({ passthrough: true }) answer: Answer): Promise<DisabledKeyBody> {
    const view = await this.commands.execute(new DisableKeyCommand(meta, keyId, body.reason));
    setRevision(answer, view.revision);
    return { ...keyBody(view), inFlight: view.inFlight };
  }

  @Endpoint({
    id: 'enableKey', method: 'POST', path: '/v1/keys/:keyId/enable', tag: 'Keys', summary: 'Enable a key again', description: 'Again: unchanged.', access: 'administrator',
    body: bodyOf(ReasonDto, { reason: { reason: 'The laptop was found' } }),
    answers: [{ status: 200, description: 'The key', schema: ref(KeyBody), headers: ['ETag'], examples: { key: EXAMPLE_KEY } }],
    problems: ['KEY_NOT_FOUND'],
  })
  async enable(@Meta() meta: CommandMeta, @KeyId() keyId: string, @Input() body: ReasonDto, @Res({ passthrough: true }) answer: Answer): Promise<KeyBody> {
    const view = await this.commands.execute(new EnableKeyCommand(meta, keyId, body.reason));
    setRevision(answer, view.revision);
    return keyBody(view);
  }
}
