import { ReadModelProgress } from './read-model-progress.js';

describe('the progress of the read model', () => {
  it('answers at once when the position is there', async () => {
    const progress = new ReadModelProgress();
    progress.update({ applied: 10n });
    expect(await progress.waitFor(10n, 0)).toBe(true);
  });

  it('wakes those whose position was reached, and no others', async () => {
    const progress = new ReadModelProgress();
    const near = progress.waitFor(5n, 10_000);
    const far = progress.waitFor(6n, 20);
    progress.update({ applied: 5n });
    expect(await near).toBe(true);
    expect(await far).toBe(false);
  });

  it('tells how far behind the rows are', () => {
    const progress = new ReadModelProgress();
    expect(progress.lag(0)).toEqual({ events: 0, seconds: null });
    progress.update({ waitingEvents: 7, appliedAt: '2026-01-01T00:00:00.000Z' });
    expect(progress.lag(Date.parse('2026-01-01T00:00:02.500Z'))).toEqual({ events: 7, seconds: 2.5 });
    progress.update({ caughtUp: true, waitingEvents: 0 });
    expect(progress.lag(Date.parse('2026-01-02T00:00:00.000Z'))).toEqual({ events: 0, seconds: 0 });
  });
});
