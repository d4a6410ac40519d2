import type { CommandBus } from '@nestjs/cqrs';
import { derivedId } from '#eventing/ids.js';
import { systemActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { RegisterKeyCommand } from '#keys/application/register-key/register-key.command.js';
import type { KeyRegistration } from '#keys/application/register-key/register-key.command.js';
import type { Policy } from '#policies/contract.js';
import type { Log } from '#platform/logging/log.js';

const sample = (keyId: string, description: string, approvalPolicy: Policy): KeyRegistration => ({
  keyId, purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy, description, requesters: null, adopt: null,
});

/** The keys that the development profile starts with. */
export const SAMPLE_KEYS: readonly KeyRegistration[] = [
  sample('fw-dev', 'Sample: firmware in development, no approval', { type: 'none' }),
  sample('fw-prod', 'Sample: firmware in production, two approvers', { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' }),
];

/** Registers them where they are not there yet; whatever has become of them since is left as it is. */
export async function registerSampleKeys(commands: CommandBus, log: Log): Promise<void> {
  for (const registration of SAMPLE_KEYS) {
    const { keyId } = registration;
    const meta = { commandId: derivedId('sample-key', keyId), keyed: true, actor: systemActor('development'), bodyDigest: null, requestId: null };
    try {
      await commands.execute(new RegisterKeyCommand(meta, registration));
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'KEY_EXISTS')) log.warn({ keyId, error }, 'a sample key could not be made');
    }
  }
}
