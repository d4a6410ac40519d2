/** What was waited for did not come in time; it may still be under way. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The same outcome, or a TooLateError after `ms`. */
export function within<T>(ms: number, outcome: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooLateError(`nothing after ${ms} ms`)), ms);
    outcome.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error('failed'));
      },
    );
  });
}
