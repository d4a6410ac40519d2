import { HeardNames, type NameRow } from './heard-names.js';

const row = (beats: number, ageMs: number, incarnation = 'i'): NameRow => ({ name: 'signer-1', incarnation, beats, ageMs });
/** Reads every 5 s, from `from` to `to`; the signer is silent by the database's clock since `since`. @returns the last silence */
const listen = (heard: HeardNames, from: number, to: number, since: number, beats = 1): number => {
  let silent = 0;
  for (let at = from; at <= to; at += 5_000) silent = heard.reading([row(beats, at - since)], at, at)[0]?.silentMs ?? -1;
  return silent;
};

describe('rule 9: silence of other signers', () => {
  it('counts while it is listened to', () => {
    expect(listen(new HeardNames(), 0, 40_000, 0)).toBe(40_000);
  });

  it('is none from before the first reading', () => {
    expect(listen(new HeardNames(), 100_000, 100_000, 0)).toBe(0);
    expect(listen(new HeardNames(), 100_000, 110_000, 0)).toBe(10_000);
  });

  it('ends with a sign of life, and with a new incarnation', () => {
    const heard = new HeardNames();
    listen(heard, 0, 30_000, 0);
    expect(listen(heard, 35_000, 35_000, 0, 2)).toBe(0);
    expect(heard.reading([row(2, 40_000, 'next')], 40_000, 40_000)[0]?.silentMs).toBe(0);
  });

  it('counts anew after the database could not be read', () => {
    const heard = new HeardNames();
    listen(heard, 0, 25_000, 0);
    heard.broken();
    expect(listen(heard, 30_000, 30_000, 0)).toBe(0);
    expect(listen(heard, 35_000, 40_000, 0)).toBe(10_000);
  });

  it('counts anew after this process itself was held up', () => {
    const heard = new HeardNames();
    listen(heard, 0, 25_000, 0);
    expect(listen(heard, 60_000, 60_000, 0)).toBe(0);
  });

  it('is no longer than by the database’s clock, and goes on by our own when that one was set back', () => {
    const heard = new HeardNames();
    expect(listen(heard, 0, 40_000, 20_000)).toBe(20_000);
    expect(listen(heard, 45_000, 45_000, 3_600_000)).toBe(45_000);
  });

  it('is not made by a database’s clock that was set forward', () => {
    expect(listen(new HeardNames(), 0, 10_000, -3_600_000)).toBe(10_000);
  });

  it('is measured from the end of the reading before to the beginning of this one', () => {
    const heard = new HeardNames();
    heard.reading([row(1, 0)], 0, 4_000);
    expect(heard.reading([row(1, 99_999)], 10_000, 14_000)[0]?.silentMs).toBe(6_000);
  });
});
