/** One call that ended: its method, its duration, `ok` or the name of the error's class. */
export type CallObserver = (call: string, seconds: number, outcome: string) => void;

const ERROR_NAME = /^[A-Za-z]{1,64}$/;

/** What an error is called in a label: the name of its class, of which there are few. */
export function outcomeOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return ERROR_NAME.test(name) ? name : 'error';
}

/** The same object; calls that answer with a promise are timed. Others, such as subscriptions, are as they were. */
export function timedCalls<T extends object>(target: T, observed: CallObserver): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...given: readonly unknown[]): unknown => {
        const began = performance.now();
        const answer: unknown = Reflect.apply(member, target, given);
        if (!(answer instanceof Promise)) return answer;
        const end = (outcome: string): void => observed(name, (performance.now() - began) / 1000, outcome);
        answer.then(() => end('ok'), (error: unknown) => end(outcomeOf(error)));
        return answer;
      };
    },
  });
}
