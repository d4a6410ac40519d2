import type { MessagePort } from 'node:worker_threads';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Settlement } from '#operations/contract.js';
import type { Settle } from '#signing/application/settle-uses/settle-uses.process.js';

interface Asked {
  readonly n: number;
  readonly operationId: string;
  readonly outcomes: readonly Settlement[];
}
interface Answered {
  readonly n: number;
  readonly done: boolean;
}

const TIMEOUT_MS = 15_000;

/** In the worker's thread: has the thread that reserves uses settle them as well. What is not answered in time is asked again by the subscription. */
export function settleOver(port: MessagePort): Settle {
  const waiting = new Map<number, (done: boolean) => void>();
  let last = 0;
  port.on('message', ({ n, done }: Answered) => waiting.get(n)?.(done));
  port.unref();
  return async (operationId, outcomes) => {
    const n = ++last;
    const asked: Asked = { n, operationId, outcomes };
    const done = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), TIMEOUT_MS);
      waiting.set(n, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      port.postMessage(asked);
    });
    waiting.delete(n);
    if (!done) throw new StoreUnavailableError('the ends of orders could not be booked');
  };
}

/** In the thread that reserves uses. */
export function serveSettlements(port: MessagePort, settle: Settle, failed: (error: unknown) => void): void {
  const answer = (n: number, done: boolean): void => port.postMessage({ n, done } satisfies Answered);
  port.on('message', ({ n, operationId, outcomes }: Asked) => {
    settle(operationId, outcomes).then(
      () => answer(n, true),
      (error: unknown) => {
        failed(error);
        answer(n, false);
      },
    );
  });
  port.unref();
}
