import { HsmError } from '../ports/hsm.port.js';
import type { HsmKeyRef, HsmSession } from '../ports/hsm.port.js';
import type { OpenOrder } from './open-order.js';
import { verified } from './verify-signatures.js';

const KEY: HsmKeyRef = { ckaIdHex: 'aa', spki: new Uint8Array(), algorithm: 'ES256' };
const orderOf = (count: number): OpenOrder => ({
  operationId: 'o', signOrderId: 's', reservation: 'r', bodyDigest: 'b', requestedAt: '2026-11-20T12:00:00.000Z', keyId: 'k', algorithm: 'ES256', count, format: 'raw', publicKeySha256: 'p',
  inputs: Array.from({ length: count }, (_, i) => Buffer.from([i])), isMessage: false, digests: [], position: 0n, revision: 0,
});

/** A token of one session: nobody gets one while another holds it. */
class OneSession {
  private free = true;
  readonly asked: number[] = [];
  acquire(broken: boolean): Promise<HsmSession> {
    if (!this.free) return Promise.reject(new HsmError('retryable', 'UNAVAILABLE', 'no session was free'));
    this.free = false;
    return Promise.resolve({
      prepare: () => Promise.resolve(),
      sign: () => Promise.reject(new HsmError('refused', 'REFUSED', 'not here')),
      verify: (_key, input, signature) => {
        if (broken) return Promise.reject(new HsmError('retryable', 'UNAVAILABLE', 'broken'));
        this.asked.push(input[0] ?? -1);
        return Promise.resolve(signature[0] === input[0]);
      },
      release: () => void (this.free = true),
    });
  }
}

describe('verified signatures', () => {
  it('rule 7: those of an order whose session broke are handed out, also when the token has no second session', async () => {
    const token = new OneSession();
    const session = await token.acquire(true);
    const signatures = [Uint8Array.of(0), Uint8Array.of(1), null];
    expect(await verified(orderOf(3), KEY, session, signatures, { all: false, another: () => token.acquire(false) })).toEqual(signatures);
    // The second one was given back as well.
    await token.acquire(false);
  });

  it('rule 15: beyond 16 one is looked at, and all of them as soon as that one fails', async () => {
    const good = Array.from({ length: 17 }, (_, i) => Uint8Array.of(i));
    const token = new OneSession();
    const session = await token.acquire(false);
    const options = { all: false, another: () => Promise.reject(new Error('not needed')) };
    expect(await verified(orderOf(17), KEY, session, good, options)).toEqual(good);
    expect(token.asked).toEqual([16]);
    const bad = good.map((s, i) => (i === 3 || i === 16 ? Uint8Array.of(99) : s));
    expect(await verified(orderOf(17), KEY, session, bad, options)).toEqual(bad.map((s, i) => (i === 3 || i === 16 ? null : s)));
  });
});
