import { setTimeout as sleep } from 'node:timers/promises';
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

/** The signer opens its token and catches up while the api starts. */
const HSM_WAIT_MS = 20_000;
const ASK_AGAIN_MS = 50;

/** Registers them where they are not there yet; whatever has become of them since is left as it is. Waits, within bounds, for a signer that is still starting. */
export async function registerSampleKeys(commands: CommandBus, log: Log): Promise<void> {
  const until = performance.now() + HSM_WAIT_MS;
  for (const registration of SAMPLE_KEYS) await register(registration, commands, until).catch((error: unknown) => log.warn({ keyId: registration.keyId, error }, 'a sample key could not be made'));
}

async function register(registration: KeyRegistration, commands: CommandBus, until: number): Promise<void> {
  const meta = { commandId: derivedId('sample-key', registration.keyId), keyed: true, actor: systemActor('development'), bodyDigest: null, requestId: null };
  for (;;) {
    try {
      await commands.execute(new RegisterKeyCommand(meta, registration));
      return;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code === 'KEY_EXISTS') return;
      if (error.code !== 'HSM_UNAVAILABLE' || performance.now() > until) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}
