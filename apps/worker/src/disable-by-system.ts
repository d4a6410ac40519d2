import { DomainError } from '#kernel/domain-error.js';
import { systemActor } from '#kernel/actor.js';
import { keyStream } from '#keys/contract.js';
import type { KeyExecutor } from '#keys/contract.js';
import type { DisableKey } from '#operations/application/keep-deadlines/keep-deadlines.process.js';
import type { Log } from '#platform/logging/log.js';

/** Disables keys in nobody's name but the system's. A key that is not there any more needs none of it. */
export const disableBySystem = (keys: KeyExecutor, log: Log): DisableKey => async (keyId, reason, commandId) => {
  const by = systemActor('review');
  try {
    const { events } = await keys.execute({ stream: keyStream(keyId), urgent: true, meta: { commandId, keyed: false, actor: by, bodyDigest: null, requestId: null }, build: () => ({ type: 'disable', reason, by }) });
    if (events.length > 0) log.error({ keyId, reason }, 'a key was disabled: an emergency use of it was not reviewed in time');
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'KEY_NOT_FOUND') throw error;
  }
};
