import type { RecordedEvent } from '#eventing/event-store.port.js';
import { decodeKeyEvent, KEY_PREFIX } from '#keys/contract.js';
import { SIGN_ORDER_PREFIX } from '../../streams.js';
import { decodeSigningEvent } from '../sign-order-kind.js';
import type { Authority } from './authority.js';
import type { Turns } from './turns.js';

/** Which signers have which token, as the log tells it: who made a key with it, and who started an order with a key of it. */
export function tokensSeen(events: readonly RecordedEvent[], authority: Authority, turns: Turns): void {
  if (turns.alone) return;
  for (const event of events) {
    if (event.stream.startsWith(KEY_PREFIX)) {
      const decoded = decodeKeyEvent(event);
      if (decoded.type === 'keys.registered.v1') turns.seen(decoded.data.signer, decoded.data.tokenSerial);
    } else if (event.stream.startsWith(SIGN_ORDER_PREFIX)) {
      const decoded = decodeSigningEvent(event);
      const tokenSerial = decoded.type === 'signing.started.v1' ? authority.tokenOf(decoded.data.keyId) : undefined;
      if (decoded.type === 'signing.started.v1' && tokenSerial !== undefined) turns.seen(decoded.data.signer, tokenSerial);
    }
  }
}
