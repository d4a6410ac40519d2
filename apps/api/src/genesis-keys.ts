import type { CommandBus } from '@nestjs/cqrs';
import type { PermittedKey } from '#administration/contract.js';
import { derivedId } from '#eventing/ids.js';
import { pause } from '#eventing/pause.js';
import { systemActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { RegisterKeyCommand } from '#keys/application/register-key/register-key.command.js';
import type { Log } from '#platform/logging/log.js';

const AGAIN_MS = 2_000;
/** What passes by itself: a signer that is not there yet, a store that does not answer. */
const passes = (error: unknown): boolean => !(error instanceof DomainError) || error.code === 'HSM_UNAVAILABLE';

/**
 * Has the signer make the keys that the genesis names, one after the other: find-or-create, by however many processes and however often (rules 3 and 15).
 * Waits for a signer as long as it takes; what is refused is told in the log, and asked for anew at the next start.
 */
export async function requestGenesisKeys(keys: readonly PermittedKey[], deployment: string, commands: Pick<CommandBus, 'execute'>, log: Log, signal: AbortSignal): Promise<void> {
  for (const key of keys) await requestKey(key, derivedId('genesis-key', deployment, key.keyId), commands, log, signal);
}

async function requestKey({ policy, ...key }: PermittedKey, commandId: string, commands: Pick<CommandBus, 'execute'>, log: Log, signal: AbortSignal): Promise<void> {
  const meta = { commandId, keyed: true, actor: systemActor('genesis'), bodyDigest: null, requestId: null };
  for (let told = false; !signal.aborted; await pause(AGAIN_MS, signal)) {
    try {
      await commands.execute(new RegisterKeyCommand(meta, { ...key, approvalPolicy: policy }));
      return;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'KEY_EXISTS') return;
      if (!passes(error)) return log.error({ keyId: key.keyId, error }, 'a key of the genesis could not be made');
      if (!told) log.warn({ keyId: key.keyId, error }, 'a key of the genesis can not be made yet');
      told = true;
    }
  }
}
