import type { Decider } from '#kernel/decider.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { exhaustive } from '#kernel/exhaustive.js';
import { samePolicy } from '#policies/contract.js';
import { isRsa } from './algorithm.js';
import type { KeyCommand } from './commands.js';
import type { KeyEvent } from './events.js';
import { evolveKey, initialKey } from './evolve.js';
import type { KeyState } from './state.js';

type Registration = Extract<KeyCommand, { type: 'request-registration' }>['registration'];

/** Why this registration can't be asked for; undefined when it can: there is no key of this id, or making it came to nothing. */
export function registrationRefusal(state: KeyState, { algorithm, modulusBits }: Pick<Registration, 'algorithm' | 'modulusBits'>): DomainError | undefined {
  if (modulusBits !== null && !isRsa(algorithm)) return invalid({ path: '/modulusBits', message: 'is for RSA keys only' });
  return exists(state) ? new DomainError('KEY_EXISTS', 'there is a key of this id') : undefined;
}

export function decideKey(command: KeyCommand, state: KeyState): readonly KeyEvent[] {
  switch (command.type) {
    case 'request-registration': {
      const refusal = registrationRefusal(state, command.registration);
      if (refusal !== undefined) throw refusal;
      return [{ type: 'keys.registration-requested.v1', data: { ...command.registration, attempt: state.attempt + 1, requestedAt: command.at } }];
    }
    case 'complete-registration':
      return awaits(state, command.attempt) ? [{ type: 'keys.registered.v1', data: { keyId: state.keyId, ...command.registered } }] : [];
    case 'fail-registration':
      return awaits(state, command.attempt) ? [{ type: 'keys.registration-failed.v1', data: { keyId: state.keyId, ...command.failure } }] : [];
    case 'change-policy': {
      const { keyId, approvalPolicy } = known(state);
      const { by } = command;
      return samePolicy(approvalPolicy, command.approvalPolicy) ? [] : [{ type: 'keys.policy-changed.v1', data: { keyId, approvalPolicy: command.approvalPolicy, by } }];
    }
    case 'disable': {
      const { keyId } = known(state);
      return isDisabled(state) ? [] : [{ type: 'keys.disabled.v1', data: { keyId, reason: command.reason, by: command.by } }];
    }
    case 'enable': {
      const { keyId } = known(state);
      return isDisabled(state) ? [{ type: 'keys.enabled.v1', data: { keyId, reason: command.reason, by: command.by } }] : [];
    }
    default:
      return exhaustive(command);
  }
}

export const keyDecider: Decider<KeyCommand, KeyEvent, KeyState> = { initialState: initialKey, decide: decideKey, evolve: evolveKey };

/** An outcome counts once, and for its own registration: a signer that wakes up late changes nothing of a later one. */
const awaits = (state: KeyState, attempt: number): boolean => state.status === 'creating' && state.attempt === attempt;

/** A key that is being made has a policy already, and can be disabled: it then is so from its first moment on. */
const isDisabled = (state: KeyState): boolean => state.status === 'disabled' || state.disabledOnceRegistered;

const exists = (state: KeyState): boolean => state.status !== 'absent' && state.status !== 'failed';

function known(state: KeyState): KeyState {
  if (!exists(state)) throw new DomainError('KEY_NOT_FOUND', 'there is no such key');
  return state;
}
