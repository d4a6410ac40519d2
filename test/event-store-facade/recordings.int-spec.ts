import { openTemporaryLog } from '#platform/embedded-log/testing/temporary-log.js';
import { startFacade } from './facade.js';
import { ClientReplay } from './recordings/client-replay.js';
import { PortReplay } from './recordings/port-replay.js';
import { isSilence, readRecording, RECORDINGS } from './recordings/recorded-call.js';
import type { Answer, RecordedCall } from './recordings/recorded-call.js';

/**
 * Calls that are answered otherwise on purpose, as `file n`, with the reason. At most five, and never an append.
 * There is none at present.
 */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Of each file so many calls are within the port, at least. */
const WITHIN_PORT = 180;

interface Difference {
  readonly call: RecordedCall;
  readonly answer: Answer;
}

/** Makes the calls of a recording in their order. @param make undefined for what can't be compared */
const differences = async (file: string, make: (call: RecordedCall) => Promise<Answer | undefined>): Promise<{ readonly compared: number; readonly different: readonly Difference[] }> => {
  let compared = 0;
  const different: Difference[] = [];
  for (const call of readRecording(file)) {
    if (isSilence(call)) continue;
    const answer = await make(call);
    if (answer === undefined || `${file} ${call.n}` in EXCEPTIONS) continue;
    compared += 1;
    if (!isSame(answer, call.answer)) different.push({ call, answer });
  }
  return { compared, different };
};

/** Whatever the order of the fields: a list is hashed in its own. */
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));

describe('what a real server answered', () => {
  it('is recorded on both paths, with at most five exceptions', () => {
    expect(RECORDINGS).toHaveLength(8);
    expect(RECORDINGS.filter((file) => file.includes('-classic'))).toHaveLength(4);
    expect(Object.keys(EXCEPTIONS).length).toBeLessThanOrEqual(5);
  });

  it.each(RECORDINGS)('the facade answers the same to the unmodified client: %s', async (file) => {
    const facade = await startFacade();
    const replay = new ClientReplay(facade.url);
    try {
      const { compared, different } = await differences(file, (call) => replay.answer(call));
      expect(different).toEqual([]);
      expect(compared).toBeGreaterThan(490);
    } finally {
      await replay.close();
      await facade.close();
    }
  });

  // The paths differ in nothing that the port knows of.
  it.each(RECORDINGS.filter((file) => file.includes('-classic')))('the embedded log answers the same through the port: %s', async (file) => {
    const log = await openTemporaryLog();
    const replay = new PortReplay(log.store);
    try {
      const { compared, different } = await differences(file, (call) => replay.answer(call));
      expect(different).toEqual([]);
      expect(compared).toBeGreaterThan(WITHIN_PORT);
    } finally {
      await log.close();
    }
  });
});
