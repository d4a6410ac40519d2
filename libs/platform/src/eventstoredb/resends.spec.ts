import { OutcomeUnknownError } from '#eventing/event-store.port.js';
import { RESEND_GAP_MS } from './limits.js';
import { Resends } from './resends.js';

const deferred = (): { readonly promise: Promise<void>; readonly fail: () => void } => {
  let fail = (): void => undefined;
  const promise = new Promise<void>((_, reject) => (fail = () => reject(new Error('lost'))));
  return { promise, fail };
};

describe('identical appends', () => {
  it('goes at once when there is none', async () => {
    const resends = new Resends();
    const started = performance.now();
    expect((await resends.turn('a', 1_000)).resent).toBe(false);
    expect((await resends.turn('b', 1_000)).resent).toBe(false);
    expect(performance.now() - started).toBeLessThan(RESEND_GAP_MS / 2);
  });

  it('goes at once after a known outcome', async () => {
    const resends = new Resends();
    (await resends.turn('a', 1_000)).known();
    const started = performance.now();
    expect((await resends.turn('a', 1_000)).resent).toBe(false);
    expect(performance.now() - started).toBeLessThan(RESEND_GAP_MS / 2);
  });

  it('keeps the gap after the end of one with an unknown outcome', async () => {
    const resends = new Resends();
    const call = deferred();
    (await resends.turn('a', 1_000)).unknown(call.promise);
    let endedAt = 0;
    setTimeout(() => {
      endedAt = performance.now();
      call.fail();
    }, 40);
    expect((await resends.turn('a', 1_000)).resent).toBe(true);
    expect(endedAt).toBeGreaterThan(0);
    expect(performance.now() - endedAt).toBeGreaterThanOrEqual(RESEND_GAP_MS - 1);
  });

  it('never lets two of them go, however many wait', async () => {
    const resends = new Resends();
    let under = 0;
    let most = 0;
    await Promise.all(Array.from({ length: 6 }, async () => {
      const turn = await resends.turn('a', 5_000);
      most = Math.max(most, (under += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      under -= 1;
      turn.unknown(Promise.resolve());
    }));
    expect(most).toBe(1);
  });

  it('gives up on one that does not end: it may still be written', async () => {
    const resends = new Resends();
    (await resends.turn('a', 1_000)).unknown(deferred().promise);
    await expect(resends.turn('a', 30)).rejects.toBeInstanceOf(OutcomeUnknownError);
  });

  it('tells when all have ended', async () => {
    const resends = new Resends();
    const call = deferred();
    (await resends.turn('a', 1_000)).unknown(call.promise);
    let ended = false;
    const all = resends.ended().then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    call.fail();
    await all;
  });
});
