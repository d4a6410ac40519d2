import { NO_TRACES, within } from '#eventing/trace.port.js';
import { RecordingTracer } from '#eventing/testing/recording-tracer.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { TRACED_SIGNATURES, tracedHsm } from './traced-hsm.js';

const KEY = { ckaIdHex: '01', spki: Buffer.from('spki'), algorithm: 'ES256' } as const;

describe('tracedHsm', () => {
  it('makes each of the first signatures of a session a step of the order, and calls the token once for each', async () => {
    const tracer = new RecordingTracer();
    const token = new FakeHsm();
    const hsm = tracedHsm(token, tracer);
    const total = TRACED_SIGNATURES + 5;
    await within(tracer, 'sign order', { root: true }, async () => {
      const session = await hsm.acquire(1_000);
      await session.prepare(KEY);
      for (let n = 0; n < total; n += 1) expect(await session.verify(KEY, Buffer.from([n]), await session.sign(KEY, Buffer.from([n])))).toBe(true);
      session.release();
    });
    expect(token.signed).toHaveLength(total);
    expect(tracer.spans.map(({ name }) => name)).toEqual(['sign order', 'acquire session', ...Array.from({ length: TRACED_SIGNATURES }, () => 'C_Sign')]);
  });

  it('rule 6: what says that it is too late is asked still, and what the token throws is thrown on', async () => {
    const session = await tracedHsm(new FakeHsm({ afterSign: () => Promise.reject(new RangeError('x')) }), NO_TRACES).acquire(1_000);
    await expect(session.sign(KEY, Buffer.from('a'), () => false)).rejects.toMatchObject({ errorClass: 'retryable' });
    await expect(session.sign(KEY, Buffer.from('a'), () => true)).rejects.toThrow(RangeError);
  });
});
