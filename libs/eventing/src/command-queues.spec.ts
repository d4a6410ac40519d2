import { CommandQueues } from './command-queues.js';

interface Named {
  readonly name: string;
  readonly urgent: boolean;
}
const job = (name: string, urgent = false): Named => ({ name, urgent });
const names = (jobs: readonly Named[]) => jobs.map((j) => j.name);
const tooMany = expect.objectContaining({ code: 'RATE_LIMITED', more: { retryAfterSeconds: 1 } }) as unknown;
const refusal = (put: () => unknown): unknown => {
  try {
    return put();
  } catch (error) {
    return error;
  }
};

describe('CommandQueues', () => {
  const queues = (over: { waitingPerStream?: number; waiting?: number; urgentWaiting?: number } = {}) => new CommandQueues<Named>({ waitingPerStream: 3, waiting: 5, urgentWaiting: 2, ...over });

  it('gives out what waits in its order, urgent ones first', () => {
    const q = queues();
    expect([q.put('s', job('a')), q.put('s', job('b')), q.put('s', job('c', true))]).toEqual([true, false, false]);
    expect(q.hasUrgent('s')).toBe(true);
    expect(names(q.take('s', 2))).toEqual(['c', 'a']);
    expect([q.hasUrgent('s'), names(q.take('s', 2))]).toEqual([false, ['b']]);
    expect(q.take('s', 2)).toEqual([]);
  });

  it('what is put back is the next', () => {
    const q = queues();
    for (const name of ['a', 'b', 'c']) q.put('s', job(name));
    const taken = q.take('s', 2);
    q.put('s', job('u', true));
    q.putBack('s', taken);
    expect(names(q.take('s', 10))).toEqual(['u', 'a', 'b', 'c']);
  });

  it('is bounded for one stream', () => {
    const q = queues();
    for (const name of ['a', 'b', 'c']) q.put('s', job(name));
    expect(refusal(() => q.put('s', job('d')))).toEqual(tooMany);
    expect(q.put('t', job('d'))).toBe(true);
  });

  it('is bounded over all streams by what is not answered yet, and a stream that was refused is not there', () => {
    const q = queues();
    for (const name of ['a', 'b', 'c', 'd', 'e']) q.put(name, job(name));
    expect(refusal(() => q.put('f', job('f')))).toEqual(tooMany);
    expect(refusal(() => q.put('a', job('f')))).toEqual(tooMany);
    const taken = q.take('a', 1);
    expect(refusal(() => q.put('f', job('f')))).toEqual(tooMany);
    for (const done of taken) q.answered(done);
    expect(q.put('f', job('f'))).toBe(true);
    expect(refusal(() => q.put('a', job('g')))).toEqual(tooMany);
  });

  it('a flood refuses nothing urgent, and urgent ones are bounded by themselves', () => {
    const q = queues();
    for (const name of ['a', 'b', 'c', 'd', 'e']) q.put(name, job(name));
    q.put('a', job('u', true));
    q.put('x', job('v', true));
    expect(refusal(() => q.put('y', job('w', true)))).toEqual(tooMany);
    for (const done of q.take('x', 1)) q.answered(done);
    expect(q.put('y', job('w', true))).toBe(true);
  });

  it('what is put back waits again, whatever the limits', () => {
    const q = queues({ waitingPerStream: 2 });
    q.put('s', job('a'));
    q.put('s', job('b'));
    const taken = q.take('s', 2);
    q.put('s', job('c'));
    q.put('s', job('d'));
    q.putBack('s', taken);
    expect(refusal(() => q.put('s', job('e')))).toEqual(tooMany);
    expect(names(q.take('s', 10))).toEqual(['a', 'b', 'c', 'd']);
    expect(q.put('s', job('e'))).toBe(false);
  });

  it('a stream is closed only when nobody waits for it', () => {
    const q = queues();
    q.put('s', job('a'));
    expect(q.close('s')).toBe(false);
    q.take('s', 1);
    expect(q.close('s')).toBe(true);
    expect(q.put('s', job('b'))).toBe(true);
    expect(() => q.putBack('t', [job('c')])).toThrow(TypeError);
  });
});
