import { exhaustive } from '#kernel/exhaustive.js';
import type { KeyEvent } from './events.js';
import type { KeyState } from './state.js';

export const initialKey: KeyState = {
  status: 'absent', keyId: '', attempt: 0, purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null,
  adopt: null, ckaIdHex: '', publicKey: null, publicKeySha256: null, tokenSerial: null, disabledOnceRegistered: false, failure: null, createdAt: null,
};

/** Folds one event into the state. A registration after a failed one begins from nothing. */
export function evolveKey(state: KeyState, event: KeyEvent): KeyState {
  switch (event.type) {
    case 'keys.registration-requested.v1': {
      const { requestedAt, ...asked } = event.data;
      return { ...initialKey, ...asked, status: 'creating', createdAt: requestedAt };
    }
    case 'keys.registered.v1': {
      const { publicKey, publicKeySha256, ckaIdHex, tokenSerial } = event.data;
      return { ...state, status: state.disabledOnceRegistered ? 'disabled' : 'enabled', disabledOnceRegistered: false, publicKey, publicKeySha256, ckaIdHex, tokenSerial };
    }
    case 'keys.registration-failed.v1':
      return { ...state, status: 'failed', disabledOnceRegistered: false, failure: { code: event.data.code, detail: event.data.detail } };
    case 'keys.policy-changed.v1':
      return { ...state, approvalPolicy: event.data.approvalPolicy };
    case 'keys.disabled.v1':
      return state.status === 'creating' ? { ...state, disabledOnceRegistered: true } : { ...state, status: 'disabled' };
    case 'keys.enabled.v1':
      return state.status === 'creating' ? { ...state, disabledOnceRegistered: false } : { ...state, status: 'enabled' };
    default:
      return exhaustive(event);
  }
}
